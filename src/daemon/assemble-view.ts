/** Observations and memory, put together as the one value that a decision may look at. Reads only. */
import type { SharedConfig } from '../core/cluster.ts';
import type { Doubting } from '../core/evidence.ts';
import { type MonoMs, monoMs, type WallMs, wallMs } from '../core/units.ts';
import type { PostgresView, PrimaryView, StandbyView } from '../core/postgres-view.ts';
import type { ChildView, View } from '../core/view.ts';
import type { Memory } from './memory.ts';
import type { Observations, Running } from './observations.ts';
import type { MemberSettings } from './supervisor.ts';

export function assembleView(
  settings: MemberSettings,
  seen: Observations,
  memory: Memory,
  reachedMono: MonoMs | null,
  nowMono: MonoMs,
  nowWall: WallMs,
): View {
  const policy = policyInForce(settings, seen);
  return {
    nowMono,
    nowWall,
    self: {
      name: settings.name,
      location: settings.location,
      priority: settings.priority,
      nofailover: settings.nofailover,
      nosync: settings.nosync,
      configText: settings.sharedText,
      startedMono: seen.startedMono,
    },
    policy,
    coordinator:
      seen.cluster === null
        ? { kind: 'never-read', sinceMono: seen.startedMono }
        : { ...seen.cluster, kind: 'read', reachedMono },
    guardian: seen.guardian,
    postgres: postgresView(seen, memory),
    room: seen.room,
    peers: seen.peers,
    toldLsn: seen.toldLsn,
    addresses: seen.addresses,
    operation: memory.operation,
    memory: memory.view(policy.failover.crashBudget.windowMs),
  };
}

/** The part of a view that tells whether there is a doubt: what sensors ask often. */
export const assembleDoubting = (settings: MemberSettings, seen: Observations, memory: Memory): Doubting => ({
  policy: policyInForce(settings, seen),
  postgres: postgresView(seen, memory),
  peers: seen.peers,
});

/** The shared configuration in etcd, as it was last readable; the local file's until there was one. */
export function policyInForce(settings: MemberSettings, seen: Observations): SharedConfig {
  return seen.lastConfig ?? settings.shared;
}

function postgresView(seen: Observations, memory: Memory): PostgresView {
  const { child } = seen.guardian;
  if (child.kind === 'unknown') return { kind: 'unknown' };
  if (child.kind === 'none') return atRest(seen);
  if (seen.running === null)
    // This daemon knows of no time before it began: what it adopts may have served for days.
    return { kind: 'starting', sinceMono: monoMs(Math.max(startedMono(child), seen.startedMono)) };
  return running(seen, seen.running.value, seen.running.atMono, memory);
}

const startedMono = (child: ChildView): number => (child.kind === 'running' ? child.startedMono : 0);

function atRest(seen: Observations): PostgresView {
  if (seen.inspection === null) return { kind: 'unknown' };
  const found = seen.inspection.value;
  switch (found.kind) {
    case 'absent':
      return { kind: 'absent' };
    case 'unusable':
      return { kind: 'unusable', problem: found.problem };
    case 'present':
      return { kind: 'stopped', data: found.data };
  }
}

/** PostgreSQL's text of a timestamp, as milliseconds since the epoch; null when it is no such text. */
function commitWall(text: string | null): WallMs | null {
  const parsed = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(parsed) ? null : wallMs(parsed);
}

function running(seen: Observations, look: Running, seenMono: MonoMs, memory: Memory): StandbyView | PrimaryView {
  const common = {
    systemIdentifier: look.systemIdentifier,
    serverVersion: look.serverVersion,
    runId: look.runId,
    timeline: look.timeline,
    copyId: look.copyId,
    seenMono,
    failingSinceMono: seen.localFailing?.sinceMono ?? null,
    failingSilently: seen.localFailing?.silently ?? false,
  };
  if (look.kind === 'standby') {
    return {
      ...common,
      kind: 'standby',
      receivedLsn: look.receivedLsn,
      replayLsn: look.replayLsn,
      receivedChangedMono: seen.receivedChanged?.atMono ?? seenMono,
      replayPausedSinceMono: seen.replayPausedSinceMono,
      streamingFrom: look.streamingFrom,
      receiverGoneSinceMono: seen.receiverGoneSinceMono,
      follows: look.follows,
      replayedCommitWall: commitWall(look.replayedCommitAt),
      armed: look.armed,
    };
  }
  const { ackedSentMono, provedSentMono, pendingSinceMono, stuckSinceMono, seenWaiting } = seen.writes;
  return {
    ...common,
    kind: 'primary',
    currentLsn: look.currentLsn,
    waitsFor: look.waitsFor,
    waitsForNobody: look.waitsForNobody,
    waitsRuledBy: look.waitsRuledBy,
    walsenders: look.walsenders.map((sender) => ({
      ...sender,
      flushChangedMono: seen.flushChangedMono(sender.applicationName),
    })),
    admits: look.admits,
    archiverFails: look.archiverFails,
    baseBackups: look.baseBackups,
    furnished: memory.furnished,
    checkpointTimeline: look.checkpointTimeline,
    probe: { ackedSentMono, provedSentMono, pendingSinceMono, stuckSinceMono, seenWaiting },
  };
}
