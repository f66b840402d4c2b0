import type { Observed } from '../../scripts/chaos/observed.ts';

/** Of a round in which a host was killed and all went well. */
export const observation: Observed = {
  ...{ fault: 'kill-host', mode: 'available', members: 2, seed: 1, oldLeader: 'a', newLeader: 'b' },
  ...{ meanwhile: 'b', promotions: 1, lastedMs: 4_000, outageMs: 2_000, redundantMs: 5_000, acknowledged: 100 },
  rules: ['take-over', 'promote'],
  anomalies: {
    ...{ missing: 0, doubled: 0, foreign: 0, resurrected: 0, brokenBalances: 0, readThenLost: 0, twoOrders: 0 },
    ...{ wentBack: 0, sameTimeline: 0, afterSuccessor: 0, otherDatabase: 0, differingReplicas: 0 },
  },
  staleReads: 3,
  strays: [],
  examples: [],
};
