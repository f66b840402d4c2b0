/** Mistakes about who may lead: claims, comparisons, copies, modes. */
import * as ports from './wrong-ports.ts';
import type { Mistake } from './mistake.ts';

export const claimMistakes: Readonly<Record<string, Mistake>> = {
  'takes-without-claim': {
    says: 'a takeover that leaves sync as it was, and a promotion that asks only for the key',
    drops: 'R1 (I2): the claim',
    planted: {
      edits: [
        {
          file: 'src/core/transactions.ts',
          from: '    putLeader(me, leaseId),\n    putSync(claim),\n',
          to: '    putLeader(me, leaseId),\n',
        },
        {
          file: 'src/core/cluster-queries.ts',
          from: 'return lead?.key.member === name && sync !== null && sync.leader === name && sync.modRevision >= lead.term;',
          to: 'return lead?.key.member === name && sync !== null;',
        },
        {
          file: 'src/core/decide-leader.ts',
          from: 'if (!claimed(state, view.self.name) || sync.standbys.length > 0 || newTimeline === null) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'R1-claim',
    shows: /^I[124] /,
  },
  'leads-as-another-copy': {
    says: 'a member that leads with whatever copy of the data it has, if sync names the member',
    drops: 'R3 (I9): copies, not names',
    planted: {
      edits: [
        {
          file: 'src/core/cluster-queries.ts',
          from: 'if (sync.copies[name] !== copy) {',
          to: 'if (sync.copies[name] === undefined) {',
        },
      ],
    },
    caughtBy: 'R3-copies-not-names',
    shows: /^I4 /,
  },
  'obeys-the-configured-mode': {
    says: 'a leader that stops waiting as soon as the configuration asks for mode off',
    drops: 'R4: the mode in force is in sync',
    planted: {
      edits: [
        {
          file: 'src/core/sync-membership.ts',
          from: "if (state.config.kind === 'present' && sync.mode !== wantedMode &&",
          to: `if (wantedMode === 'off' && primary.waitsFor.length > 0)
    return because('wait-for-fewer', 'planted', { kind: 'operate', operation: { kind: 'wait-for', names: [], nobody: false } });
  if (state.config.kind === 'present' && sync.mode !== wantedMode &&`,
        },
      ],
    },
    caughtBy: 'R4-mode-in-sync',
    shows: /^I[134] /,
  },
  'hands-over-comparing-the-leader': {
    says: 'a hand-over that compares only the leader key',
    drops: 'R6 (I1): every transaction compares the revision of sync, in mode off and in hand-overs too',
    planted: {
      edits: [
        {
          file: 'src/core/transactions.ts',
          from: "compares: [...leaderAndSync(state), unchanged('failover', state.request)],",
          to: "compares: [unchanged('leader', state.leader)],",
        },
      ],
    },
    caughtBy: 'R6-late-hand-over',
    shows: /^I[17] /,
  },
  'lets-a-promotion-by-hand-serve': {
    says: 'a member that lets a server go on which somebody promoted by hand',
    drops: 'R7 (I8): a primary without a claim is fenced',
    planted: {
      edits: [
        {
          file: 'src/core/decide-follower.ts',
          from: "if (pg.kind === 'primary' || isOrBecomesPrimary(view)) return fenceNotLeader(view, lead);",
          to: "if (pg.kind === 'primary') return because('follow', 'planted');\n  if (isOrBecomesPrimary(view)) return fenceNotLeader(view, lead);",
        },
      ],
    },
    caughtBy: 'R7-promoted-by-hand',
    shows: /it is fenced/,
  },
  'obeys-another-etcd': {
    says: 'a member that takes an etcd with another cluster id for the one that it knew',
    drops: 'R8 (I11): a restored etcd is obeyed by nobody',
    planted: {
      edits: [
        {
          file: 'src/daemon/etcd-past.ts',
          from: 'if (this.#clusterId !== null && this.#clusterId !== clusterId) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'R8-etcd-restored',
    shows: /^I[124] /,
  },
  'takes-without-comparing-sync': {
    says: 'a takeover that compares only the leader key',
    drops: 'I1: every transaction compares the revision of sync',
    planted: {
      edits: [{ file: 'src/core/transactions.ts', from: "  unchanged('sync', state.sync),\n];", to: '];' }],
    },
    caughtBy: 'late-takeover',
    shows: /^I[124] /,
  },
  'compares-nothing': {
    says: 'transactions that are decided on one state and written over another',
    drops: 'I1: a transaction compares what it was decided on',
    planted: { ports: ports.comparesNothing },
    caughtBy: 'late-takeover',
    shows: /^I[124] /,
  },
  'forgets-from-whom': {
    says: 'a takeover that does not say from whom the key was taken',
    drops: 'a former primary is fenced by its successor, also when that was restarted before it promoted',
    planted: {
      edits: [
        {
          file: 'src/core/transactions.ts',
          from: "...(from === null ? [] : [{ op: 'put', key: keyOf.predecessor, value: formatPredecessor(from) } as const]),",
          to: '',
        },
      ],
    },
    caughtBy: 'restarted-before-the-promotion-off',
    shows: /^(scenario|who led) /,
  },
  'keeps-its-tail': {
    says: 'an old primary that follows its successor with what it wrote beyond the fork, and under the name of its old copy',
    drops: 'I9: a rewind makes another copy',
    planted: { ports: ports.keepsItsTail },
    caughtBy: 'isolated',
    shows: /^(I\d|liveness)/,
  },
  'trusts-a-timeline-number': {
    says: 'a member that follows a leader on the timeline of the same number, whoever made it here',
    drops: 'R11 (I9): an equal timeline number proves nothing',
    planted: {
      edits: [
        {
          file: 'src/core/rejoin-plan.ts',
          from: '  const { timeline } = leader;\n',
          to: "  const { timeline } = leader;\n  if (timeline > 0) return { kind: 'follow' };\n",
        },
      ],
    },
    caughtBy: 'R11-timelines-collide',
    shows: /^I|^strict/,
  },
  'copies-keep-their-id': {
    says: 'a member that gives every copy of its data the same id',
    drops: 'I9: every clone, rewind, restore or reinit makes another copy',
    planted: {
      edits: [
        {
          file: 'test/sim/hosts/sim-batond.ts',
          from: 'newCopyId: () => copyId(random.hex(8)),',
          to: "newCopyId: () => copyId('0a0b0c0d'),",
        },
      ],
    },
    caughtBy: 'R3-restored-from-a-backup',
    shows: /^I[49] /,
  },
  'forgets-the-history': {
    says: 'a promotion that does not know which timelines the cluster has used',
    drops: 'I9: no timeline is used twice',
    planted: {
      edits: [
        {
          file: 'src/daemon/operations.ts',
          from: 'rows: context.history() }',
          to: 'rows: [] }',
        },
        {
          file: 'src/core/reserved-timeline.ts',
          from: 'Math.max(own, reserved, begun(view) ?? 0, ...rows) + 1 + unread',
          to: 'own + 1',
        },
      ],
    },
    caughtBy: 'timeline-used-once-off',
    shows: /^I9 /,
  },
  'reserves-no-timeline': {
    says: 'a claim that takes no notice of the timelines that others were to make',
    drops: 'I9: no timeline is used twice, though nobody was told of it',
    planted: {
      edits: [
        {
          file: 'src/core/reserved-timeline.ts',
          from: 'Math.max(own, reserved, begun(view) ?? 0, ...rows) + 1 + unread',
          to: 'Math.max(own, begun(view) ?? 0, ...rows) + 1',
        },
      ],
    },
    caughtBy: 'timeline-reserved-off',
    shows: /^I9 /,
  },
  'leads-beyond-max-lag': {
    says: 'a standby that leads in mode off however far it is behind',
    drops: 'mode off: the loss is bounded by maxLag',
    planted: {
      edits: [
        {
          file: 'src/core/decide-leaderless.ts',
          from: 'if (behind > BigInt(view.policy.failover.maxLagBytes)) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'lag-off',
    shows: /leader stays/,
  },
};
