/** What an observer sees, in the shape that status, health checks and the schedule read. Nothing is decided on it. */
import type { SharedConfig } from '../../core/cluster.ts';
import { copyId, type MonoMs, type WallMs } from '../../core/units.ts';
import type { CoordinatorView, Hold, LeaseView, MemoryView, PeerView, View } from '../../core/view.ts';
import type { KnownMembers } from '../known-members.ts';
import type { ObserverSettings } from './observer-deps.ts';

export interface ObserverSees {
  readonly nowMono: MonoMs;
  readonly nowWall: WallMs;
  readonly startedMono: MonoMs;
  readonly coordinator: CoordinatorView;
  readonly lease: LeaseView;
  readonly policy: SharedConfig;
  readonly known: KnownMembers;
  readonly held: readonly Hold[];
}

export function observerView({ name, location }: ObserverSettings, sees: ObserverSees): View {
  const { nowMono, nowWall, startedMono, coordinator, lease, policy, known, held } = sees;
  return {
    nowMono,
    nowWall,
    self: {
      ...{ name, location, startedMono, role: 'observer' },
      priority: 0,
      nofailover: true,
      nosync: true,
      configText: '{}',
    },
    policy,
    coordinator,
    guardian: {
      connected: false,
      sinceMono: startedMono,
      lease,
      child: { kind: 'none', lastExit: null },
      refused: null,
    },
    postgres: { kind: 'absent' },
    room: null,
    peers: new Map([...known.addresses.keys()].map((member) => [member, notProbed])),
    toldLsn: known.toldLsn,
    addresses: known.addresses,
    operation: { kind: 'idle', last: null },
    memory: { ...nothingRemembered, held },
  };
}

/** It commits to the leader, and asks nobody anything else. */
const notProbed: PeerView = { postgres: null, daemon: null, report: null, lease: null };

const nothingRemembered: MemoryView = {
  confirmedSyncRevision: null,
  committing: null,
  leadingSinceMono: null,
  lastLedTerm: null,
  proof: null,
  crashes: [],
  walEnd: null,
  diskHung: false,
  failedStarts: null,
  held: [],
  overtakenBy: null,
  nextCopyId: copyId('00000000'),
  initializedCopyId: null,
  syncRemovedMono: null,
  requestSeen: null,
  commitFailed: null,
  preparedFor: null,
  checkpointedRequest: null,
  promotion: null,
  promotedMono: null,
  wallJumpedMono: null,
  divergedKept: null,
  furnishedFor: [],
  remoteFence: { kind: 'none' },
};
