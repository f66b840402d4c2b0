/** Views of a member that leads and of one that could take over, with what a row changes. */
import type { PrimaryView, StandbyView } from '../../../src/core/postgres-view.ts';
import { later } from '../../../src/core/doubt/later.ts';
import type { GuardianView, PeerView, View } from '../../../src/core/view.ts';
import {
  a,
  ago,
  aGuardian,
  answers,
  aPrimary,
  aStandby,
  aView,
  b,
  type Changes,
  ledBy,
  leaseOf,
  present,
  sync,
} from '../a-view.ts';

/** The member `a` leads; `b` follows it. */
export const leads = (changes: Partial<PrimaryView> = {}, more: Changes = {}): View =>
  aView(aPrimary(changes), { peer: standby, ...more });

const standby: PeerView = { ...answers, report: { ...answers.report!, role: 'standby', copyId: null } };

/** The member `b` leads; `a`, which `sync` names, follows it. */
export const follows = (changes: Partial<StandbyView> = {}, peer: PeerView = answers): View =>
  aView(aStandby(changes), {
    peer: { ...peer, lease: peer.lease ?? { remainingS: 4, grantedS: 5, atMono: ago(50) } },
    state: { leader: ledBy('b'), sync: present(sync(b, [a])) },
    guardian: { child: { kind: 'running', pid: 42, startedMono: ago(50_000), startedAs: 'standby' } },
  });

const probe = (outcome: 'refused' | 'timed-out', sinceMs: number, count: number) => ({
  outcome,
  atMono: ago(20),
  sinceMono: ago(sinceMs),
  count,
});

export const mutely = {
  off: present(sync(a, [], { mode: 'off' })),
  renewed: (ms: number): Partial<GuardianView> => ({
    lease: { ...aGuardian().lease, kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(ms) },
  }),
  gone: { postgres: null, daemon: null, lease: null, report: null } satisfies PeerView,
  silentFor: (ms: number): PeerView => ({
    ...answers,
    postgres: probe('timed-out', ms, 3),
    daemon: probe('timed-out', ms, 3),
    lease: { remainingS: 4, grantedS: 5, atMono: ago(50) },
  }),
  refusedOnce: { ...answers, postgres: probe('refused', 20, 1), daemon: probe('refused', 20, 1) } satisfies PeerView,
};

/** The same `ms` later, or earlier: what is well in it still is, what fails has failed since the same instant. */
export const at = (ms: number, view: View): View => later(view, ms);
