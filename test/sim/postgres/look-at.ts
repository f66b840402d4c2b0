/** One look at a running server: what its views and settings show, which is not always what it does. */
import { memberName, timeline } from '../../../src/core/units.ts';
import type { CommitWaits, Look } from '../../../src/ports/postgres.ts';
import { endLsn } from './directory.ts';
import type { FakeServer } from './fake-server.ts';

/** `probeWaits`: the write probe's session waits for a standby right now. */
export function lookAt(server: FakeServer, probeWaits: boolean): Look {
  const { dir } = server;
  const common = {
    systemIdentifier: dir.systemIdentifier,
    serverVersion: 150_018,
    runId: server.runId,
    timeline: timeline(dir.timeline),
    copyId: dir.copy?.member === server.host.name ? dir.copy.copyId : null,
  };
  if (server.phase === 'standby') {
    const { receiver } = server;
    return {
      ...common,
      kind: 'standby',
      receivedLsn: endLsn(dir.flushed),
      replayLsn: endLsn(server.replay.count),
      replayPaused: server.replay.paused,
      streamingFrom: receiver?.connected === true ? `${receiver.upstream}:5432` : null,
      follows: dir.upstream === null ? null : memberName(dir.upstream.member),
      replayedCommitAt: null,
      armed: dir.admits === 'baton-only' || !dir.readOnly,
    };
  }
  if (server.phase !== 'primary')
    return { kind: 'silent', problem: `the database system is ${server.phase}`, refused: false };
  return {
    ...common,
    kind: 'primary',
    // pg_current_wal_lsn: what was written; an fsync that hangs holds up the next write.
    currentLsn: endLsn(dir.flushed),
    waitsFor: server.waits.loaded.names,
    waitsForNobody: server.waits.loaded.nobody && server.waits.loaded.names.length === 0,
    waitsRuledBy: dir.override === null || sameWaits(dir.override, dir.waits) ? null : 'postgresql.auto.conf',
    checkpointTimeline: timeline(dir.checkpoint.timeline),
    admits: dir.admits,
    archiverFails: false,
    baseBackups: 0,
    probeWaits,
    warnings: [],
    walsenders: [...server.senders].map((sender) => ({
      applicationName: sender.name,
      state: sender.streaming ? 'streaming' : 'catchup',
      syncState: sender.priority > 0 ? 'sync' : 'async',
      syncPriority: sender.priority,
      flushLsn: endLsn(sender.flushed),
      replayLsn: endLsn(sender.applied),
      slotName: sender.slot,
    })),
  };
}

/** What overrides and says the same is not noticed: the value is compared before its place is asked for. */
const sameWaits = (one: CommitWaits, other: CommitWaits): boolean =>
  one.names.join() === other.names.join() && (one.names.length > 0 || one.nobody === other.nobody);
