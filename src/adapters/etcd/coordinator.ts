/** The Coordinator port on etcd endpoints: a mirror fed by watches, reads and transactions, and what may be asked of it. */
import { err, ok, type Result } from '../../core/result.ts';
import type { Txn } from '../../core/transaction.ts';
import { elapsed, type LeaseId, type MonoMs, type Ms, monoMs, type Revision, revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, LeaseTtl, Observation, TxnOutcome } from '../../ports/coordinator.ts';
import { within } from '../../ports/within.ts';
import { type EtcdEndpoint, EtcdFailure, type Reading } from './endpoint.ts';
import { hedged } from './hedge.ts';
import { keepWatching } from './keep-watching.ts';
import { Mirror } from './mirror.ts';
import { createPreference } from './preference.ts';
import { createReachability } from './reachability.ts';

const readEveryMs: Ms = 1_000;
const readLimitMs: Ms = 1_000;
/** After a failed read, so that etcd's return is noticed soon. */
const readAgainMs: Ms = 250;
/** A read that takes longer is a sign that etcd is slow, or out of reach. */
const slowMs: Ms = 300;
/** Between two reads, however often a refresh is asked for. */
const readSpacingMs: Ms = 20;
/** Every so many reads one is of everything, whatever the mirror believes. */
const readsPerFullRead = 30;

/**
 * A transaction is sent to an etcd that was asked no longer ago than this, and answered as the one that the mirror shows
 * (ADR 32). Longer than two reads of which one was lost, and shorter than servers are stopped, restored and started in.
 */
const confirmedWithinMs: Ms = 3_000;

/** When something was asked. */
interface Sent {
  readonly mono: MonoMs;
  /** Counts a suspend of the machine, in which etcd goes on without us. */
  readonly boot: MonoMs;
}

/** What is following, while it does. */
interface Following {
  readonly observe: (observation: Observation) => void;
  readonly signal: AbortSignal;
  /** Ends the watches of one past of etcd, when another has been seen. */
  watches: AbortController | null;
}

/**
 * When the signal given to `follow` aborts, its streams and reads end; `commit` and `leaseTtl` still work then. Closing
 * the endpoints (see `createCoordinator`) ends those too.
 */
export function coordinateOver(endpoints: readonly EtcdEndpoint[], clock: Clock): Coordinator {
  const mirror = new Mirror();
  const preference = createPreference(endpoints, clock);
  const reachability = createReachability(endpoints, clock);
  let following: Following | null = null;
  /** When the newest answer that the mirror is known to cover was asked for, or the newest event received. */
  let confirmedMono: MonoMs = monoMs(Number.NEGATIVE_INFINITY);
  /** By the boot clock: when the newest answer was asked for. An event may have lain in the socket while we stood still. */
  let answeredBoot: MonoMs = monoMs(Number.NEGATIVE_INFINITY);
  /** How often what the mirror showed was found to be of an etcd that is no more. */
  let pastsLost = 0;
  let confirming: Promise<void> | null = null;
  /** What the newest absorbed read showed: the next one needs only what changed after it, even if a watch missed some. */
  let readRevision: Revision | null = null;
  let readsUntilFull = 0;
  let refreshAsked = false;
  let wakeReader: () => void = () => {};

  function refresh(): void {
    refreshAsked = true;
    wakeReader();
  }

  function observeMirror(atMono: MonoMs): void {
    if (atMono > confirmedMono) confirmedMono = atMono;
    const snapshot = mirror.snapshot;
    if (following === null || following.signal.aborted || snapshot === null) return;
    if (following.watches === null) startWatches(following);
    following.observe({ kind: 'snapshot', snapshot, confirmedMono });
  }

  /** False when everything has to be read; that is asked for here. */
  function absorb(reading: Reading, sent: Sent, atLeast: Revision | null): boolean {
    const absorbed = mirror.absorb(reading, atLeast);
    if (absorbed === 'incomplete') {
      readsUntilFull = 0;
      refresh();
      return false;
    }
    if (sent.boot > answeredBoot) answeredBoot = sent.boot;
    if (absorbed === 'replaced') {
      pastsLost += 1;
      // What the watches were opened for does not exist in this etcd.
      following?.watches?.abort();
      if (following !== null) following.watches = null;
    }
    observeMirror(sent.mono);
    return true;
  }

  const now = (): Sent => ({ mono: clock.mono(), boot: clock.boot() });

  /** Nobody decided on a mirror that has shown nothing yet. */
  const confirmed = (): boolean => mirror.snapshot === null || elapsed(answeredBoot, clock.boot()) <= confirmedWithinMs;

  /** One read of everything for whoever waits for it, however slow etcd is: a later transaction has its answer, too. */
  function confirm(): Promise<void> {
    confirming ??= (async () => {
      const sent = now();
      const atLeast = mirror.snapshot?.revision ?? null;
      const result = await hedged(clock, preference.order(), confirmedWithinMs, (endpoint, limitMs) =>
        endpoint.read(null, limitMs),
      );
      if (!result.ok) return;
      preference.prefer(result.endpoint);
      reachability.heard(result.endpoint);
      absorb(result.value, sent, atLeast);
    })().finally(() => {
      confirming = null;
    });
    return confirming;
  }

  function startWatches({ signal }: Following): void {
    if (following === null) return;
    const controller = new AbortController();
    following.watches = controller;
    const ends = AbortSignal.any([signal, controller.signal]);
    for (const endpoint of endpoints) {
      const watched = {
        from: () => revision((mirror.snapshot?.revision ?? 0) + 1),
        heard: () => {
          preference.answered(endpoint);
          reachability.heard(endpoint);
        },
        changed: (etcdClusterId: string, changes: Parameters<Mirror['apply']>[0]) => {
          if (etcdClusterId !== mirror.snapshot?.etcdClusterId) return refresh();
          // The event may have been under way for a while, so that its receipt confirms less than a read would. That is
          // fine: nothing is safe because of this instant (transactions compare revisions), and a stream that lags is
          // found out by the next read, within a second.
          if (mirror.apply(changes)) observeMirror(clock.mono());
        },
        compacted: refresh,
      };
      void keepWatching(endpoint, clock, watched, ends);
    }
  }

  async function readOnce(observe: (observation: Observation) => void, signal: AbortSignal): Promise<boolean> {
    const sent = now();
    const atLeast = mirror.snapshot?.revision ?? null;
    const full = readsUntilFull <= 0 || readRevision === null;
    const since = full ? null : readRevision;
    const cancelDoubt = clock.timer(slowMs, reachability.doubt);
    const result = await hedged(clock, preference.order(), readLimitMs, (endpoint, limitMs) =>
      endpoint.read(since, limitMs),
    );
    cancelDoubt();
    if (signal.aborted) return true;
    if (!result.ok) {
      reachability.doubt();
      observe({ kind: 'unreachable', problem: `no etcd endpoint answered a read: ${result.problem}` });
      return false;
    }
    preference.prefer(result.endpoint);
    reachability.calm();
    reachability.heard(result.endpoint);
    readsUntilFull = full ? readsPerFullRead : readsUntilFull - 1;
    if (absorb(result.value, sent, atLeast)) readRevision = result.value.revision;
    return true;
  }

  async function keepReading({ observe, signal }: Following): Promise<void> {
    while (!signal.aborted) {
      const startedMono = clock.mono();
      refreshAsked = false;
      const answered = await readOnce(observe, signal);
      const restMs = answered ? readEveryMs - elapsed(startedMono, clock.mono()) : readAgainMs;
      await new Promise<void>((resolve) => {
        const cancelSpacing = clock.timer(readSpacingMs, () => {
          if (refreshAsked) done();
          else wakeReader = done;
        });
        const cancelRest = clock.timer(Math.max(readSpacingMs, restMs), () => done());
        const done = () => {
          cancelSpacing();
          cancelRest();
          wakeReader = () => {};
          signal.removeEventListener('abort', done);
          resolve();
        };
        signal.addEventListener('abort', done, { once: true });
        if (signal.aborted) done();
      });
    }
    reachability.calm();
  }

  function notSentBecause(decidedOn: number): string | null {
    if (!confirmed()) return 'not sent: for a while no endpoint has answered as the etcd that this was decided on';
    return pastsLost === decidedOn ? null : 'not sent: etcd is not the one that this was decided on, or was set back';
  }

  async function commit(txn: Txn, limitMs: Ms): Promise<TxnOutcome> {
    const deadlineMono = clock.mono() + limitMs;
    const decidedOn = pastsLost;
    if (!confirmed()) {
      const asked = confirm();
      if (await within(clock, limitMs, asked)) await asked;
    }
    const problems: string[] = [];
    for (const endpoint of preference.order()) {
      const sent = now();
      const unsent = notSentBecause(decidedOn);
      if (unsent !== null) return { kind: 'failed', problem: unsent };
      if (sent.mono >= deadlineMono) break;
      const known = mirror.snapshot?.revision ?? null;
      try {
        const { applied, reading } = await endpoint.txn(txn, known, deadlineMono - sent.mono);
        preference.prefer(endpoint);
        absorb(reading, sent, known);
        return { kind: applied ? 'applied' : 'refused', revision: reading.revision };
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error;
        problems.push(`${endpoint.name}: ${error.message}`);
        const problem = problems.join('; ');
        if (error.fate === 'rejected') return { kind: 'failed', problem };
        if (error.fate === 'ambiguous') {
          refresh();
          return { kind: 'unknown', problem };
        }
      }
    }
    return { kind: 'failed', problem: `no etcd endpoint took the transaction: ${problems.join('; ')}` };
  }

  async function leaseTtl(leaseId: LeaseId, limitMs: Ms): Promise<Result<LeaseTtl, string>> {
    const result = await hedged(clock, preference.order(), limitMs, (endpoint, left) =>
      endpoint.leaseTtl(leaseId, left),
    );
    return result.ok ? ok(result.value) : err(`no etcd endpoint told the life of lease ${leaseId}: ${result.problem}`);
  }

  return {
    follow(observe, signal) {
      if (following !== null && !following.signal.aborted)
        throw new Error('this coordinator is being followed already');
      following = { observe, signal, watches: null };
      void keepReading(following);
    },
    reachedMono: reachability.byMajorityMono,
    refresh,
    commit,
    leaseTtl,
  };
}
