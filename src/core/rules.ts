/** Every rule that can fire: the label on logs, metrics, journals and `explain`. One row each in the decision tables. */
export const RULES = [
  // whoever leads
  'fence-remains', 'await-fence', 'await-stop', 'observe-first', 'await-etcd', 'await-lease', 'await-postgres',
  'hold', 'hold-malformed', 'hold-foreign-data', 'fence-foreign', 'fence-other-lease',
  // the key is ours
  'initialize', 'publish-cluster', 'release-no-data', 'release-unusable', 'release-not-eligible',
  'hand-over-dead-postgres', 'hand-over-unfenced', 'fence-slow-start', 'hold-crash-budget', 'claim-to-restart', 'restart-in-place', 'start-to-promote',
  'await-replay', 'claim', 'promote', 'switchover-hand-back',
  // ours, and out of recovery
  'fence-unclaimed', 'fence-deadline', 'fence-hung', 'stop-for-shutdown', 'admit-clients', 'prove-before-admission', 'abort-lost-proof',
  'request-done', 'request-refused', 'forced-stop', 'forced-hand-over',
  'switchover-checkpoint', 'switchover-stop', 'switchover-hand-over', 'switchover-roll-back',
  'mode-empty-sync', 'mode-change', 'sync-remove-lost', 'sync-add-wait', 'sync-add-prove', 'sync-add',
  'sync-confirm', 'wait-for-fewer',
  'write-history', 'checkpoint-promoted', 'furnish', 'lead', 'lead-blind', 'lead-exposed',
  // somebody else's
  'hold-unusable', 'fence-not-leader', 'await-primary', 'clone', 'rejoin', 'start-standby', 'restart-standby', 'await-sync-removal',
  'take-over', 'forced-take-over', 'resume-replay', 'follow-new-leader', 'stop-stuck-standby', 'follow', 'follow-blind',
  // nobody's
  'win-bootstrap', 'campaign', 'yield-campaign', 'cold-start-wait', 'await-old-deadline', 'await-leader', 'hold-lag',
] as const;

export type Rule = (typeof RULES)[number];
