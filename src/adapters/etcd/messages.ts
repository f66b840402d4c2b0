/** Between etcd's messages (bytes, decimal text) and the words of the ports. Keys are relative to the cluster's prefix. */
import type {
  IKeyValue,
  IRangeRequest,
  IRangeResponse,
  IRequestOp,
  IResponseHeader,
  ITxnRequest,
  IWatchResponse,
} from 'etcd3';
import type { Compare, Txn, Write } from '../../core/transaction.ts';
import { leaseId, type Revision, revision } from '../../core/units.ts';
import type { Entry } from '../../ports/coordinator.ts';
import type { Change, Reading } from './endpoint.ts';

/** All keys that begin with the prefix, which ends in `/`: up to the same text with the next character. */
export function prefixRange(prefix: string): { key: Buffer; range_end: Buffer } {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { key: Buffer.from(prefix), range_end: end };
}

/** Linearizable, which is etcd's default. */
export const rangeRequest = (prefix: string, since: Revision | null): IRangeRequest => ({
  ...prefixRange(prefix),
  ...(since !== null && { min_mod_revision: since + 1 }),
});

/** The range comes along in both branches, so that the answer shows the state that the transaction met or made. */
export function txnRequest(prefix: string, txn: Txn, since: Revision | null): ITxnRequest {
  const look: IRequestOp = { request_range: rangeRequest(prefix, since) };
  return {
    compare: txn.compares.map((compare) => compareMessage(prefix, compare)),
    success: [...txn.writes.map((write) => writeMessage(prefix, write)), look],
    failure: [look],
  };
}

function compareMessage(prefix: string, compare: Compare): NonNullable<ITxnRequest['compare']>[number] {
  const key = Buffer.from(prefix + compare.key);
  if ('absent' in compare) return { result: 'Equal', target: 'Create', key, create_revision: 0 };
  return { result: 'Equal', target: 'Mod', key, mod_revision: compare.modRevision };
}

function writeMessage(prefix: string, write: Write): IRequestOp {
  const key = Buffer.from(prefix + write.key);
  if (write.op === 'delete') return { request_delete_range: { key } };
  return {
    request_put: { key, value: Buffer.from(write.value), ...(write.leaseId !== undefined && { lease: write.leaseId }) },
  };
}

/** `header` is the whole answer's: inside a transaction the range has none of its own. */
export function readingOf(
  prefix: string,
  header: IResponseHeader,
  range: IRangeResponse,
  since: Revision | null,
  deleted: readonly string[] = [],
): Reading {
  return {
    etcdClusterId: header.cluster_id,
    revision: revision(header.revision),
    since,
    entries: new Map(range.kvs.map((pair) => [relative(prefix, pair), entryOf(pair)])),
    deleted,
    count: Number(range.count),
  };
}

export const changesOf = (prefix: string, response: IWatchResponse): Change[] =>
  response.events.map((event) => ({
    key: relative(prefix, event.kv),
    revision: revision(event.kv.mod_revision),
    entry: event.type === 'Put' ? entryOf(event.kv) : null,
  }));

/** Bytes that are not UTF-8 become replacement characters; what parses the value will find it malformed. */
function entryOf(pair: IKeyValue): Entry {
  return {
    value: pair.value.toString('utf8'),
    modRevision: revision(pair.mod_revision),
    createRevision: revision(pair.create_revision),
    leaseId: leaseId(pair.lease),
  };
}

const relative = (prefix: string, pair: IKeyValue): string => pair.key.toString('utf8').slice(prefix.length);
