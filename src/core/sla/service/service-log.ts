/**
 * What one member saw of its cluster's service, as rows: folded from its client-like probe commits, one row for each
 * stretch of one state. Between two probes that are further apart than probes ever are nobody measured, and no row says
 * anything: the process was stopped, or the machine was. Instants are the wall clock's, lengths the monotonic clock's.
 */
import type { OutageRow, ServiceState } from '../accounting/outage-row.ts';
import type { MeasuredBy } from '../incident.ts';
import { dayMs, type MonoMs, type Ms, second, type WallMs } from '../../units.ts';

/** A probe is answered or given up within a second, and the next one goes out within a third of one. */
const gapMs: Ms = 3 * second;
/** A wall clock that leaves the monotonic one behind by more was set; less is how clocks are kept right. */
const steppedMs: Ms = 1 * second;

export interface ServiceFact {
  readonly atMono: MonoMs;
  /** The wall clock at that same moment. */
  readonly wall: WallMs;
  /** `down` or `planned` when a probe commit failed, `up` or `degraded` when it was acknowledged. */
  readonly state: ServiceState;
  readonly by: MeasuredBy;
}

export interface ServiceLog {
  /** What goes on, as far as the newest fact; null before the first. It is kept on disk now and then: a crash loses little. */
  readonly open: OpenRow | null;
}

interface OpenRow extends OutageRow {
  /** The monotonic clock at `to`. */
  readonly toMono: MonoMs;
}

export interface ServiceStep {
  readonly log: ServiceLog;
  /** Rows that are complete, in order. None overlaps another, and none is longer than a day (UTC). */
  readonly rows: readonly OutageRow[];
}

export const emptyLog: ServiceLog = { open: null };

export function foldService({ open }: ServiceLog, fact: ServiceFact): ServiceStep {
  if (open === null || !continues(open, fact)) return begin(fact, open === null ? [] : [rowOf(open)]);
  const to = open.to + Math.round(fact.atMono - open.toMono);
  const served = (state: ServiceState) => state === 'up' || state === 'degraded';
  // Service ended with the last good write, not with the first that failed; it was back with the first good one.
  const changes = served(open.state) && !served(fact.state) ? open.to : to;
  if (open.state === fact.state && open.by === fact.by) return extended(open, to, fact.atMono, []);
  const ended = { ...open, to: changes };
  const next = { ...open, state: fact.state, by: fact.by, from: changes, to: changes };
  const before = byDay(ended);
  return extended(next, to, fact.atMono, before);
}

/** What was going on when this member's daemon ended: complete as it is, since nobody measured after it. */
export const leftOpen = ({ open }: ServiceLog): readonly OutageRow[] => (open === null ? [] : byDay(open));

function continues(open: OpenRow, { atMono, wall }: ServiceFact): boolean {
  const sinceMs = atMono - open.toMono;
  return sinceMs <= gapMs && Math.abs(wall - (open.to + sinceMs)) <= steppedMs;
}

function begin({ atMono, wall, state, by }: ServiceFact, rows: readonly OutageRow[]): ServiceStep {
  const from = Math.round(wall);
  return { log: { open: { state, by, sites: null, from, to: from, toMono: atMono } }, rows: rows.filter(isLong) };
}

/** Whole days are complete, and what is left goes on. */
function extended(open: OpenRow, to: number, toMono: MonoMs, before: readonly OutageRow[]): ServiceStep {
  const parts = byDay({ ...open, to });
  const last = parts.at(-1) ?? { ...rowOf(open), to };
  return { log: { open: { ...last, toMono } }, rows: [...before, ...parts.slice(0, -1)] };
}

function byDay(row: OutageRow): readonly OutageRow[] {
  const parts: OutageRow[] = [];
  for (let { from } = row; from < row.to; ) {
    const midnight = (Math.floor(from / dayMs) + 1) * dayMs;
    const to = Math.min(midnight, row.to);
    parts.push({ ...rowOf(row), from, to });
    from = to;
  }
  return parts;
}

const rowOf = ({ state, by, sites, from, to }: OutageRow): OutageRow => ({ state, by, sites, from, to });
const isLong = ({ from, to }: OutageRow): boolean => from < to;
