/** One round: a new cluster of one system, one client that writes, one fault, and what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Enclosure } from '../../chaos/enclosure.ts';
import { CheckingClient } from '../../rig/client.ts';
import { monoNow } from '../../rig/rig-member.ts';
import type { Budget, Cluster, SystemUnderTest } from '../systems/system.ts';
import { layDistance } from './distance.ts';
import type { Fault, Lasts } from './faults.ts';
import { NodesWatch } from './nodes-watch.ts';
import { waitForFact } from '../../rig/wait-for-fact.ts';

/** What was seen from outside. Durations in whole milliseconds. */
export interface Seen {
  /** Longest time without an acknowledgement, of at least 50 ms; 0 when there was none. */
  readonly outageMs: number;
  /** Nobody wrote again before the fault ended, or not at all: the outage would have lasted longer. */
  readonly outageEnded: boolean;
  /** All other times of at least 50 ms without an acknowledgement, longest first, ten at most. */
  readonly otherGapsMs: readonly number[];
  /** Another node took writes before the fault ended. */
  readonly moved: boolean;
  /** How long the fault was left. */
  readonly lastedMs: number;
  /**
   * From when the fault was undone, where something was to be undone, else from its beginning; 0: it was never lost;
   * null: not within the limit.
   */
  readonly redundantMs: number | null;
  /** Its operator had to bring the former primary back. */
  readonly byHand: boolean;
  /** How long both nodes answered that they take writes, and whether they still did when the fault ended. */
  readonly twoWritableMs: number;
  readonly twoWritableAtEnd: boolean;
  readonly acknowledged: number;
  /** Acknowledged and not on the node of the newest timeline that takes writes in the end. */
  readonly lost: number;
  /** In the table twice, or never sent. */
  readonly wrong: number;
  /** By the system's own record, in milliseconds. */
  readonly budget: Budget | null;
}

export type Outcome =
  | { readonly kind: 'seen'; readonly seen: Seen }
  /** The system has no such thing. */
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * Without a pause PostgreSQL would not see for a second that its postmaster is dead: a backend looks for that only while
 * it waits for its client.
 */
const pauseMs = 5;
const rowsBefore = 200;
const waitMsMax = 3_000;
const rowsAfter = 50;
const startLimitMs = 60_000;
const redundantLimitMs = 120_000;
const againLimitMs = 60_000;
const settledMs = 1_500;
const stillMs = 500;
const pollMs = 20;
const gapsMax = 10;

export async function playRound(
  system: SystemUnderTest,
  fault: Fault,
  rttMs: number,
  enclosure: Enclosure,
  say: (text: string) => void,
): Promise<Outcome> {
  const cluster = await system.start(enclosure);
  const why = fault.impossible?.(cluster) ?? null;
  if (why !== null) return { kind: 'impossible', why };
  try {
    if (rttMs > 0) await layDistance(cluster, rttMs);
    return { kind: 'seen', seen: await strike(system, cluster, fault, say) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${cluster.logTail()}`, {
      cause: error,
    });
  }
}

async function strike(
  { synchronous }: SystemUnderTest,
  cluster: Cluster,
  fault: Fault,
  say: (text: string) => void,
): Promise<Seen> {
  const { endpoints } = cluster;
  await using watch = new NodesWatch(endpoints, synchronous);
  await waitForFact('redundancy before the fault', redundantLimitMs, () => isSettled(watch, 0));
  const [primary] = watch.writable;
  const standby = endpoints.find(({ name }) => name !== primary)?.name;
  if (primary === undefined || standby === undefined) throw new Error('no primary, or no standby');
  await using client = new CheckingClient({ endpoints, takesTurns: true, pauseMs });
  await client.start(startLimitMs);
  await client.untilMore(rowsBefore, startLimitMs);
  // Systems look at things once in a second or in ten: the fault comes at any time between.
  await sleep(Math.random() * waitMsMax);

  const undoing: (() => unknown)[] = [];
  say(`${primary} is the primary. ${fault.says}`);
  const beganMono = monoNow();
  let ended: { readonly moved: boolean; readonly writes: boolean };
  let twoWritableAtEnd: boolean;
  let endedMono: number;
  try {
    await fault.inject({ cluster, primary, standby, undo: (heal) => undoing.push(heal) });
    ended = await untilOver(fault.lasts, beganMono, primary, watch, client);
    twoWritableAtEnd = watch.writable.length > 1;
    endedMono = monoNow();
  } finally {
    for (const heal of undoing.toReversed()) await heal();
  }
  const healedMono = monoNow();
  const byHand = ended.moved && cluster.rejoin !== null;
  if (byHand)
    await cluster.rejoin?.(primary).catch((error: unknown) => say(`${primary} did not come back: ${String(error)}`));
  const redundantMono = await redundancy(watch, healedMono);
  await client.untilMore(rowsAfter, againLimitMs).catch(() => undefined);
  const writesAgain = isWriting(client);
  await client.stop();
  const [longest, ...others] = client.outages(beganMono);
  const { acknowledged, missing, doubled, foreign } = await client.verify(winner(cluster, watch));
  return {
    outageMs: Math.round(longest?.lengthMs ?? 0),
    outageEnded: ended.writes && writesAgain,
    otherGapsMs: others.slice(0, gapsMax).map(({ lengthMs }) => Math.round(lengthMs)),
    moved: ended.moved,
    lastedMs: Math.round(endedMono - beganMono),
    redundantMs:
      redundantMono === null
        ? null
        : Math.max(0, Math.round(redundantMono - (undoing.length > 0 ? endedMono : beganMono))),
    byHand,
    twoWritableMs: Math.round(watch.twoWritableMs),
    twoWritableAtEnd,
    ...{ acknowledged, lost: missing, wrong: doubled + foreign },
    budget: await cluster.budget(),
  };
}

async function untilOver(
  { moves, msMin, thenMs, limitMs }: Lasts,
  beganMono: number,
  primary: string,
  watch: NodesWatch,
  client: CheckingClient,
): Promise<{ readonly moved: boolean; readonly writes: boolean }> {
  let movedMono: number | null = null;
  let writesMono: number | null = null;
  for (;;) {
    const now = monoNow();
    if (watch.writable.some((node) => node !== primary)) movedMono ??= now;
    const writes = now - beganMono > stillMs && isWriting(client);
    writesMono = writes ? (writesMono ?? now) : null;
    const since = moves && movedMono === null ? null : writesMono;
    const done = since !== null && now - Math.max(since, movedMono ?? since) >= thenMs && now - beganMono >= msMin;
    if (done || now - beganMono >= limitMs) return { moved: movedMono !== null, writes };
    await sleep(pollMs);
  }
}

const isWriting = ({ newestMono }: CheckingClient): boolean => newestMono !== null && monoNow() - newestMono < stillMs;

/** Redundancy has to last for a moment: just after the healing nobody may have noticed yet what happened to him. */
const isSettled = ({ redundantSinceMono }: NodesWatch, healedMono: number): boolean =>
  redundantSinceMono !== null && monoNow() - Math.max(redundantSinceMono, healedMono) >= settledMs;

async function redundancy(watch: NodesWatch, healedMono: number): Promise<number | null> {
  const deadline = healedMono + redundantLimitMs;
  while (!isSettled(watch, healedMono)) {
    if (monoNow() > deadline) return null;
    await sleep(pollMs);
  }
  return watch.redundantSinceMono;
}

/** Where the rows must be: the newest timeline that takes writes, because everybody else is rewound to it. */
function winner({ endpoints }: Cluster, watch: NodesWatch): Cluster['endpoints'][number] {
  const found = endpoints.find(({ name }) => name === watch.writable[0]);
  if (found === undefined) throw new Error('no node takes writes in the end: what was lost cannot be said');
  return found;
}
