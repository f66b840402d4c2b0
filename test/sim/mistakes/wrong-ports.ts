/** Mistakes to plant, one at a time: a simulator that cannot fail proves nothing. */
import { ok } from '../../../src/core/result.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { Mistakes } from '../world.ts';

const withCommit = (change: (txn: Txn) => Txn, delayMs: Ms = 0): Mistakes => ({
  coordinator: (right, clock) => ({
    ...right,
    commit: async (txn, limitMs) => {
      await clock.sleep(delayMs);
      return right.commit(change(txn), limitMs);
    },
  }),
});

/** No mistake: every transaction takes a while, so that what it was decided on is old when it arrives. */
export const slowCommits: Mistakes = withCommit((txn) => txn, 150);

/** Slow, and decided on one state and written over another (I1). */
export const comparesNothing: Mistakes = withCommit(({ writes }) => ({ compares: [], writes }), 150);

/** What was not answered is sent again, on whatever has become of the state that it was decided on (I1). */
export const retriesBlindly: Mistakes = {
  coordinator: (right) => ({
    ...right,
    commit: async (txn, limitMs) => {
      const outcome = await right.commit(txn, limitMs);
      return outcome.kind === 'unknown' ? right.commit({ ...txn, compares: [] }, limitMs) : outcome;
    },
  }),
};

/** The setting is believed, and the checkpointer has not looked (I3). */
export const believesTheSetting: Mistakes = {
  checkpointerStuck: true,
  postgres: (right) => ({ ...right, proveWait: async () => ok(undefined) }),
};

/** A proof is made where none was asked for: the setting is believed, and the checkpointer is only slow. */
export const provesNothing: Mistakes = { postgres: (right) => ({ ...right, proveWait: async () => ok(undefined) }) };

/** Nothing is killed, and the scans find nothing. */
export const fencesNothing: Mistakes = {
  processHost: (right) => ({
    ...right,
    scan: () => [],
    signal: (pid, signal) => (signal === 'kill' ? undefined : right.signal(pid, signal)),
  }),
};

/** Every renewal counts as confirmed, whatever etcd says (I5). */
export const renewsByItself: Mistakes = {
  leases: (right, clock) => ({
    ...right,
    renew: (leaseId, limitMs, on) => {
      right.renew(leaseId, limitMs, { renewed: () => {}, gone: () => {} });
      on.renewed(clock.mono(), 5_000);
    },
  }),
};

/** Clients are let in by whoever starts, before a commit was seen to wait (I8). */
export const admitsAtOnce: Mistakes = {
  postgres: (right) => ({
    ...right,
    preparePrimary: (waits) => right.preparePrimary(waits, 'everybody'),
    admit: async () => ok(undefined),
  }),
};

/** An old primary keeps what it wrote beyond the fork, and the name of its copy (I9). */
export const keepsItsTail: Mistakes = {
  postgres: (right, member) => ({
    ...right,
    rejoin: async () => {
      const { data } = member.disk;
      if (data !== null) data.standbySignal = true;
      return ok({ how: 'followed', kept: null });
    },
  }),
};

/** Whoever still answers is left alone. */
export const fencesNobodyRemotely: Mistakes = {
  peers: (right) => ({ ...right, fence: async () => ({ kind: 'failed', problem: 'not tried' }) }),
};

/** The backends live on (section 2: every process of the data directory). */
export const fencesThePostmaster: Mistakes = {
  processHost: (right) => {
    let postmaster: number | null = null;
    const only = (pids: readonly number[]) => pids.filter((pid) => pid === postmaster);
    return {
      ...right,
      start: (command, exited) => {
        const started = right.start(command, exited);
        if (started.ok) postmaster = started.value;
        return started;
      },
      scan: (dataDir) => only(right.scan(dataDir)),
    };
  },
};
