/** `baton history`: every promotion the cluster has had. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import { formatLsn, lsn } from '../core/units.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { ask } from './ask.ts';
import { type Failure, failed } from './failure.ts';
import { orFromEtcd, sourceNote } from './fallback.ts';
import { type Column, renderTable, shorten } from './table.ts';
import { COLUMNS } from './terminal.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface Promotion {
  /** The timeline that ended, and where. */
  readonly timeline: number;
  readonly lsn: string;
  readonly reason: string;
  readonly timestamp: string;
  readonly newLeader: string;
}

/** Patroni's five columns; Baton's two further ones are for machines. Positions are decimal or PostgreSQL's text. */
const rowsSchema = z.array(
  z
    .tuple([z.number(), z.union([z.number().int().nonnegative(), z.string()]), z.string(), z.string(), z.string()])
    .rest(z.unknown())
    .transform(
      ([timeline, position, reason, timestamp, newLeader]): Promotion => ({
        timeline,
        lsn: typeof position === 'number' ? formatLsn(lsn(BigInt(position))) : position,
        reason,
        timestamp,
        newLeader,
      }),
    ),
);

export async function history(context: VerbContext): VerbResult {
  const answer = await orFromEtcd(context, await ask(context, '/history', rowsSchema), readRows);
  if (!answer.ok) return answer;
  const { source, value } = answer.value;
  return ok({
    json: { source: source.kind, history: value },
    text: sourceNote(source, context.terminal.paint) + renderHistory(value),
  });
}

function readRows(snapshot: Snapshot): Result<readonly Promotion[], Failure> {
  const entry = snapshot.entries.get('history');
  if (entry === undefined) return ok([]);
  try {
    return ok(rowsSchema.parse(JSON.parse(entry.value)));
  } catch {
    return err(
      failed(
        'malformed-key',
        'The history key in etcd is not readable.',
        'Somebody else wrote it: look at it with etcdctl.',
      ),
    );
  }
}

/** Oldest first, so that the newest is next to the prompt. The reason gets what is left of the line. */
export function renderHistory(rows: readonly Promotion[]): string {
  if (rows.length === 0) return 'No promotion yet: the cluster is on its first timeline.';
  const heads = ['TIMELINE', 'ENDED AT', 'WHEN (UTC)', 'NEW LEADER'];
  const facts = rows.map((row) => [
    String(row.timeline),
    row.lsn,
    row.timestamp.slice(0, 19).replace('T', ' '),
    row.newLeader,
  ]);
  const taken = heads.map((head, at) => Math.max(head.length, ...facts.map((row) => row[at]?.length ?? 0)) + 2);
  const left = COLUMNS - taken.reduce((sum, columns) => sum + columns, 0);
  return renderTable(
    [...heads.map((head, at): Column => ({ head, align: at === 0 ? 'right' : 'left' })), { head: 'REASON' }],
    rows.map((row, at) => [...(facts[at] ?? []), shorten(row.reason, left)]),
  );
}
