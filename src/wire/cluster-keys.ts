/**
 * What etcd holds about a cluster, read into the core's types. Content that is unknown or malformed never throws: the
 * key becomes `malformed` with a problem that names it, and whoever decides holds automation where it matters.
 */
import { z } from 'zod';
import type {
  Acknowledgement,
  ClusterState,
  HistoryRow,
  Key,
  LeaderKey,
  MemberRecord,
  OperatorRequest,
  Predecessor,
  ReservedTimeline,
  SharedConfig,
  SyncKey,
} from '../core/cluster.ts';
import { keyOf, membersPrefix } from '../core/key-format.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type CopyId, type LeaseId, type MemberName, memberName, type Revision } from '../core/units.ts';
import {
  copyField,
  instantField,
  leaseField,
  lsnField,
  lsnTextField,
  memberField,
  memberStateField,
  namePattern,
  nameRule,
  revisionField,
  timelineField,
} from './fields.ts';
import { readJson } from './json-text.ts';

/** One key of the prefix. The coordinator's `Entry` is one. */
export interface KeyEntry {
  readonly value: string;
  readonly modRevision: Revision;
  readonly leaseId: LeaseId;
}

/** The prefix as of one revision, keys relative to it. The coordinator's `Snapshot` is one. */
export interface KeySnapshot {
  readonly revision: Revision;
  readonly etcdClusterId: string;
  readonly entries: ReadonlyMap<string, KeyEntry>;
}

/** Reads the `config` key's text; the error is one line without the key's name. */
export type ParseConfig = (text: string) => Result<SharedConfig, string>;

export const parseCluster = (snapshot: KeySnapshot, parseConfig: ParseConfig): ClusterState =>
  new ClusterReader(parseConfig).read(snapshot);

/** Reads one snapshot after the other; a key that is the same as in the one before is not parsed again. */
export class ClusterReader {
  readonly #parseConfig: ParseConfig;
  #before: ReadonlyMap<string, ReadKey> = new Map();

  constructor(parseConfig: ParseConfig) {
    this.#parseConfig = parseConfig;
  }

  read(snapshot: KeySnapshot): ClusterState {
    const before = this.#before;
    const now = new Map<string, ReadKey>();
    const key = <T>(name: string, read: (entry: KeyEntry) => Result<T, string>): Key<T> => {
      const entry = snapshot.entries.get(name);
      if (entry === undefined) return { kind: 'absent' };
      const known = before.get(name);
      // What a key means depends on its entry and on its name alone, and each name has one schema.
      const key = known !== undefined && same(known.entry, entry) ? (known.key as Key<T>) : parseKey(name, entry, read);
      now.set(name, { entry, key });
      return key;
    };
    const members = new Map<MemberName, Key<MemberRecord>>();
    for (const name of snapshot.entries.keys()) {
      if (!name.startsWith(membersPrefix)) continue;
      const member = memberName(name.slice(membersPrefix.length));
      members.set(
        member,
        key(name, (entry) => readMember(member, entry)),
      );
    }
    const state = {
      revision: snapshot.revision,
      etcdClusterId: snapshot.etcdClusterId,
      leader: key(keyOf.leader, readLeader),
      sync: key(keyOf.sync, (entry) => readJson(syncSchema, entry.value)),
      initialize: key(keyOf.initialize, readSystemIdentifier),
      config: key(keyOf.config, (entry) => this.#parseConfig(entry.value)),
      history: key(keyOf.history, (entry) => readJson(historySchema, entry.value)),
      request: key(keyOf.request, (entry) => readJson(requestSchema, entry.value)),
      cooldown: key(keyOf.cooldown, (entry) => readJson(acknowledgementSchema, entry.value)),
      predecessor: key(keyOf.predecessor, (entry) => readJson(predecessorSchema, entry.value)),
      timeline: key(keyOf.timeline, (entry) => readJson(reservedTimelineSchema, entry.value)),
      members,
    };
    this.#before = now;
    return state;
  }
}

interface ReadKey {
  readonly entry: KeyEntry;
  readonly key: Key<unknown>;
}

const same = (one: KeyEntry, other: KeyEntry): boolean =>
  one === other ||
  (one.modRevision === other.modRevision && one.leaseId === other.leaseId && one.value === other.value);

function parseKey<T>(name: string, entry: KeyEntry, read: (entry: KeyEntry) => Result<T, string>): Key<T> {
  const { modRevision } = entry;
  const result = read(entry);
  return result.ok
    ? { kind: 'present', value: result.value, modRevision }
    : { kind: 'malformed', modRevision, problem: `key ${name}: ${result.error}` };
}

function readLeader(entry: KeyEntry): Result<LeaderKey, string> {
  if (!namePattern.test(entry.value)) return err(`"${entry.value.slice(0, 40)}" is not a member name: ${nameRule}`);
  return ok({ member: memberName(entry.value), leaseId: entry.leaseId });
}

function readSystemIdentifier(entry: KeyEntry): Result<string, string> {
  if (/^[0-9]{1,20}$/.test(entry.value)) return ok(entry.value);
  return err(`"${entry.value.slice(0, 40)}" is not a PostgreSQL system identifier (decimal digits)`);
}

function readMember(name: MemberName, entry: KeyEntry): Result<MemberRecord, string> {
  if (!namePattern.test(name)) return err(`"${name.slice(0, 40)}" is not a member name: ${nameRule}`);
  const parsed = readJson(memberSchema, entry.value);
  if (!parsed.ok) return parsed;
  // A hand-over puts the leader key on this lease: a record that outlived its lease must not look like a living member.
  if (parsed.value.leaseId !== entry.leaseId)
    return err(`says lease_id ${parsed.value.leaseId} but the key is on lease ${entry.leaseId}`);
  return ok({ name, ...parsed.value });
}

/** Whether the text of a member's key is an observer's; false too when it cannot be read. */
export function isObserver(text: string): boolean {
  const read = readJson(roleSchema, text);
  return read.ok && read.value.role === 'observer';
}

const roleSchema = z.object({ role: z.string() });

const modeSchema = z.enum(['available', 'strict', 'off']);

const syncSchema: z.ZodType<SyncKey> = z
  .object({
    leader: memberField,
    sync_standby: z.string().nullish(),
    mode: modeSchema,
    copies: z.record(z.string().regex(namePattern), copyField),
  })
  .transform((sync, context) => {
    const standbys = (sync.sync_standby ?? '').split(',').filter((name) => name !== '');
    const odd = standbys.find((name, index) => !namePattern.test(name) || standbys.indexOf(name) !== index);
    if (odd !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['sync_standby'],
        message: `"${odd}" is not a member name or is named twice`,
      });
    return {
      leader: sync.leader,
      standbys: standbys.map(memberName),
      mode: sync.mode,
      copies: sync.copies as Record<string, CopyId>,
    };
  });

const urlPattern = /^postgres(?:ql)?:\/\/(?:\[([0-9a-fA-F:.%]+)\]|([^\s:@/[\]]+)):([0-9]{1,5})(?:\/|$)/;

const memberSchema: z.ZodType<Omit<MemberRecord, 'name'>> = z
  .object({
    conn_url: z.string().regex(urlPattern, 'expected postgres://HOST:PORT/DATABASE'),
    api_url: z.string().min(1),
    role: z.enum(['primary', 'replica', 'observer', 'uninitialized']),
    state: memberStateField,
    version: z.string(),
    protocol: z.number('not a number: is another manager (Patroni) running in this prefix?').int().min(1),
    server_version: z.number().int().nullable(),
    timeline: timelineField.nullable(),
    xlog_location: lsnField.nullable(),
    replay_lsn: lsnField.nullable(),
    lease_id: leaseField,
    location: z.string(),
    priority: z.number(),
    tags: z.record(z.string(), z.boolean()),
    copy_id: copyField.nullable(),
    diverged_kept: z.string().max(1000).nullish(),
    free_bytes: z.number().nonnegative().nullish(),
    restarting: z.object({ until: instantField }).nullish(),
    fenced_term: revisionField.nullish(),
  })
  .transform((member) => {
    const [, hostInBrackets, host, port] = urlPattern.exec(member.conn_url) ?? [];
    return {
      host: hostInBrackets ?? host ?? '',
      port: Number(port),
      apiUrl: member.api_url,
      role: member.role,
      state: member.state,
      version: member.version,
      protocol: member.protocol,
      serverVersion: member.server_version,
      location: member.location,
      priority: member.priority,
      tags: member.tags,
      leaseId: member.lease_id,
      copyId: member.copy_id,
      timeline: member.timeline,
      lsn: member.xlog_location,
      replayLsn: member.replay_lsn,
      divergedKept: member.diverged_kept ?? null,
      freeBytes: member.free_bytes ?? null,
      restartingUntil: member.restarting?.until ?? null,
      fencedTerm: member.fenced_term ?? null,
    };
  });

const historySchema: z.ZodType<readonly HistoryRow[]> = z.array(
  z
    .tuple([timelineField, lsnField, z.string(), z.string(), memberField, z.string(), z.string(), timelineField])
    .transform(([timeline, lsn, reason, timestamp, newLeader, promotionId, historyFile, newTimeline]) => {
      return { timeline, lsn, reason, timestamp, newLeader, promotionId, historyFile, newTimeline };
    }),
);

const acknowledgementSchema: z.ZodType<Acknowledgement> = z.object({
  timeline: z.number().int().nonnegative(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
});

const predecessorSchema: z.ZodType<Predecessor> = z
  .object({
    member: memberField,
    copy_id: copyField,
    run_id: z.string().nullable(),
    may_have_more: z.boolean(),
    address: z
      .object({ host: z.string().min(1), port: z.number().int().min(1).max(65_535), api_url: z.string().min(1) })
      .nullable(),
  })
  .transform(({ member, copy_id, run_id, may_have_more, address }) => ({
    member,
    copyId: copy_id,
    runId: run_id,
    mayHaveMore: may_have_more,
    address: address === null ? null : { host: address.host, port: address.port, apiUrl: address.api_url },
  }));

const reservedTimelineSchema: z.ZodType<ReservedTimeline> = z
  .object({ number: timelineField, member: memberField, copy_id: copyField.nullable() })
  .transform(({ number, member, copy_id }) => ({ number, member, copyId: copy_id }));

const requestSchema: z.ZodType<OperatorRequest> = z
  .object({
    id: z.string().min(1),
    kind: z.enum(['switchover', 'failover']),
    leader: memberField.nullable(),
    member: memberField,
    term: revisionField.nullable(),
    by: z.string(),
    reason: z.string(),
    requested_at: z.string(),
    allow_data_loss: z.boolean(),
    old_primary_is_fenced: z.boolean(),
    drill: z.boolean().default(false),
    shutdown_lsn: lsnTextField.nullish(),
  })
  .transform((request) => ({
    id: request.id,
    kind: request.kind,
    leader: request.leader,
    term: request.term,
    candidate: request.member,
    by: request.by,
    reason: request.reason,
    requestedAt: request.requested_at,
    allowDataLoss: request.allow_data_loss,
    oldPrimaryIsFenced: request.old_primary_is_fenced,
    drill: request.drill,
    shutdownLsn: request.shutdown_lsn ?? null,
  }));
