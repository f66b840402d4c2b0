/** Mistakes about time: leases, deadlines, clocks, evidence. In mode off safety rests on these alone. */
import * as ports from './wrong-ports.ts';
import type { Mistake } from './mistake.ts';

export const timeMistakes: Readonly<Record<string, Mistake>> = {
  'deadline-from-the-reply': {
    says: 'a guardian whose deadline counts from the reply to a renewal',
    drops: 'I5: from the send',
    planted: {
      edits: [
        {
          file: 'src/guardian/lease-keeper.ts',
          from: 'renewed: (confirmedMono, ttlMs) => this.#confirmed(leaseId, confirmedMono, ttlMs, bootAheadMs),',
          to: 'renewed: (_, ttlMs) => this.#confirmed(leaseId, this.#deps.clock.mono(), ttlMs, bootAheadMs),',
        },
      ],
    },
    caughtBy: 'reply-after-a-stall-off',
    shows: /^I[157] /,
  },
  'renews-by-itself': {
    says: 'a guardian that takes every renewal for confirmed, whatever etcd says',
    drops: 'I5: the deadline',
    planted: { ports: ports.renewsByItself },
    caughtBy: 'isolated-off',
    shows: /^I[157] /,
  },
  'trusts-the-wall-clock': {
    says: 'a guardian that measures its lease by the wall clock',
    drops: 'I5: never by wall clock',
    planted: {
      edits: [
        {
          file: 'test/sim/hosts/sim-guardian.ts',
          from: '    const { clock } = process;\n',
          to: `    const start = process.clock.wall() - process.clock.mono();
    const byWall = () => (process.clock.wall() - start) as never;
    const clock = { ...process.clock, mono: byWall, boot: byWall };
`,
        },
      ],
    },
    caughtBy: 'guardian-alone-off',
    shows: /^I[157] /,
  },
  'forgets-the-suspend': {
    says: 'a guardian whose deadline does not count the time for which the host was suspended',
    drops: 'I8: after a suspend, fence first',
    planted: {
      edits: [
        {
          file: 'src/core/guardian-deadlines.ts',
          from: '  return ahead > suspendMinMs ? ahead : 0;',
          to: '  return ahead > suspendMinMs ? 0 : 0;',
        },
      ],
    },
    caughtBy: 'host-suspended-off',
    shows: /^I[157] /,
  },
  'takes-a-vanished-key-off': {
    says: 'a standby that takes a free key in mode off as soon as it sees it',
    drops: 'I7: in mode off the old leader has its own deadline',
    planted: {
      edits: [
        {
          file: 'src/core/decide-leaderless.ts',
          from: 'if (!fenced && absentMs < view.policy.lease.ttlMs) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'live-lease-deleted-off',
    shows: /^I[157] /,
  },
  'takes-over-early-off': {
    says: 'a standby that overwrites the key of a silent leader in mode off, on evidence',
    drops: 'I7: in mode off, never early',
    planted: {
      edits: [
        {
          file: 'src/core/decide-follower.ts',
          from: "if (sync === null || sync.mode === 'off' || !sync.standbys.includes(view.self.name)) return null;",
          to: "if (sync === null || (sync.mode !== 'off' && !sync.standbys.includes(view.self.name))) return null;",
        },
      ],
    },
    caughtBy: 'isolated-off',
    shows: /^I[157] /,
  },
  'hands-over-unfenced-off': {
    says: 'a leader in mode off that hands the key over while processes of its postgres are left',
    drops: 'I7: in mode off the fence is complete, or one ttl has passed',
    planted: {
      edits: [
        {
          file: 'src/core/decide.ts',
          from: "{ kind: 'commit', purpose: 'release', txn: release(state) },\n      );",
          to: "{ ...handOverTo(view, state, candidate, 'release-unfenced', 'planted').intents[0]! },\n      );",
        },
      ],
    },
    caughtBy: 'disk-hangs-unkillable-off',
    shows: /^(scenario|I7) /,
  },
  'fences-nothing': {
    says: 'a fence that kills nothing and finds nothing',
    drops: 'I5: past the deadline, fence',
    planted: { ports: ports.fencesNothing },
    caughtBy: 'isolated-off',
    shows: /^I[157] /,
  },
  'fences-only-the-postmaster': {
    says: 'a fence that kills the postmaster and no backend',
    drops: 'fenced means every process of the data directory',
    planted: { ports: ports.fencesThePostmaster },
    caughtBy: 'lease-gone-off',
    shows: /^I[157] /,
  },
  'never-gives-up-its-orphan': {
    says: 'a guardian that keeps its primary for ever when batond does not come back',
    drops: 'an orphaned leader is stopped',
    planted: {
      edits: [
        {
          file: 'src/core/guardian-policy.ts',
          from: 'const orphaned = nowMono >= after(state.batond.heardMono, state.rules.orphanMs);',
          to: 'const orphaned = false;',
        },
      ],
    },
    caughtBy: 'batond-killed-for-good',
    shows: /^orphan/,
  },
  'takes-a-read-for-a-renewal': {
    says: 'a guardian that asks how long its lease lives, and takes the answer for a renewal',
    drops: 'I5: only a confirmed renewal',
    planted: {
      edits: [
        {
          file: 'src/adapters/etcd/renewing.ts',
          from: 'endpoint.keepAlive(leaseId, limitMs).then(',
          to: "endpoint.leaseTtl(leaseId, limitMs).then((ttl) => (ttl.kind === 'alive' ? ttl.grantedS : 0)).then(",
        },
      ],
    },
    caughtBy: 'calm',
    shows: /(campaign|lead-exposed) fired/,
  },
  'fails-over-without-the-heartbeat': {
    says: 'a standby that takes over a leader that it does not reach, although the leader renews its lease',
    drops: 'E3: the heartbeat is stale',
    planted: {
      edits: [
        {
          file: 'src/core/evidence.ts',
          from: " && (holds('E3') || holds('refused-twice'));",
          to: ';',
        },
      ],
    },
    caughtBy: 'members-parted',
    shows: /leader stays|promotions|scenario/,
  },
  'goes-on-without-proof': {
    says: 'a leader without etcd that takes its leadership for proved, whatever its standby acknowledges',
    drops: 'I6: only while its own commits are acknowledged by the standby',
    planted: {
      edits: [
        {
          file: 'src/core/backing.ts',
          from: 'sentMono: provedSentMono, overdue: late && !follows && !reachesEtcd(view) }',
          to: 'sentMono: view.nowMono, overdue: false }',
        },
      ],
    },
    caughtBy: 'isolated',
    shows: /old primary has fenced itself|^I6 /,
  },
  'sends-what-it-decided-before-it-stood-still': {
    says: 'a member that writes by what it knew of etcd before it stood still, however long that was',
    drops: 'I11: a transaction is sent to an etcd that has answered lately as the one that is known',
    planted: {
      edits: [
        {
          file: 'src/adapters/etcd/coordinator.ts',
          from: 'const confirmedWithinMs: Ms = 3_000;',
          to: 'const confirmedWithinMs: Ms = Number.POSITIVE_INFINITY;',
        },
      ],
    },
    caughtBy: 'thaws-after-a-restore',
    shows: /^I11 /,
  },
};
