/** One look at the running server, through a session that is kept for it. */
import { type CopyId, lsn, type MonoMs, type Ms, type Timeline } from '../../core/units.ts';
import { rememberFiles } from '../remembered-file.ts';
import type { Look, LookWalsender } from '../../ports/postgres.ts';
import { reloadableParser } from './configuration.ts';
import { followedBy } from './conninfo.ts';
import { SessionFailure } from './failure.ts';
import { accessParser, type Admits } from './host-based-access.ts';
import type { Instance } from './instance.ts';
import { keepSession, type KeptSession } from './kept-session.ts';
import { copyParser } from './marks.ts';
import { lookQuestion, waitsPlaceQuery, warningsQuery } from './look-query.ts';
import { flag, number, only, optionalLsn, optionalText, type Row, text } from './row.ts';
import type { Session } from './session.ts';
import { parseWaits } from './standby-names.ts';

/** Settings and roles are examined this often; a look is ten times a second. */
const warningsEveryMs: Ms = 30_000;
/** "object not in prerequisite state": recovery ended between two parts of the question. */
const stateChanged = '55000';

export interface Looking {
  look(limitMs: Ms): Promise<Look>;
  letGo(): Promise<void>;
}

export function createLooking(instance: Instance): Looking {
  const { clock, dataDir } = instance;
  const readFiles = rememberFiles(
    dataDir,
    { copyId: copyParser(instance.options.member), admits: accessParser, written: reloadableParser },
    clock,
  );
  const session: KeptSession = keepSession(clock, () => instance.local('baton-monitor'));
  let warnings: { readonly atMono: MonoMs; readonly texts: readonly string[]; readonly runId: string } | null = null;

  /** A daemon may die between writing a file and the reload; the first look of the next one makes the file apply. */
  let reloadedRunId: string | null = null;

  async function warningsOf(talk: Session, runId: string, leftMs: () => Ms): Promise<readonly string[]> {
    const now = clock.mono();
    if (warnings !== null && warnings.runId === runId && now - warnings.atMono < warningsEveryMs) return warnings.texts;
    const rows = await talk.run(warningsQuery, leftMs());
    warnings = { atMono: now, runId, texts: rows.map((row) => text(row, 'warning')) };
    return warnings.texts;
  }

  async function ask(talk: Session, leftMs: () => Ms): Promise<Look> {
    const row = only(await talk.run(lookQuestion, leftMs()));
    const { copyId, admits, written } = await readFiles();
    const armed = admits === 'baton-only' || written.default_transaction_read_only === 'off';
    if (flag(row, 'recovering')) return standbyLook(row, copyId, armed);
    const runId = text(row, 'run_id');
    if (runId !== reloadedRunId) await talk.run('SELECT pg_reload_conf()', leftMs());
    reloadedRunId = runId;
    const found = await warningsOf(talk, runId, leftMs);
    const asWritten = text(row, 'waits') === written.synchronous_standby_names;
    const waitsRuledBy = asWritten ? null : optionalText(only(await talk.run(waitsPlaceQuery, leftMs())), 'place');
    return primaryLook(row, { copyId, admits, waitsRuledBy, warnings: found });
  }

  return {
    async look(limitMs) {
      try {
        return await session.use(limitMs, async (talk, leftMs) => {
          try {
            return await ask(talk, leftMs);
          } catch (failure) {
            if (!(failure instanceof SessionFailure) || failure.sqlState !== stateChanged) throw failure;
            return ask(talk, leftMs);
          }
        });
      } catch (failure) {
        if (!(failure instanceof SessionFailure)) throw failure;
        return { kind: 'silent', problem: failure.message, refused: failure.outcome === 'refused' };
      }
    },
    letGo: () => session.letGo(),
  };
}

const common = (row: Row, copyId: CopyId | null, timeline: Timeline) => ({
  systemIdentifier: text(row, 'system_identifier'),
  serverVersion: number(row, 'server_version'),
  runId: text(row, 'run_id'),
  timeline,
  copyId,
});

interface Beside {
  readonly copyId: CopyId | null;
  readonly admits: Admits;
  readonly waitsRuledBy: string | null;
  readonly warnings: readonly string[];
}

function primaryLook(row: Row, { copyId, admits, waitsRuledBy, warnings }: Beside): Look {
  const currentLsn = optionalLsn(row, 'current_lsn');
  if (currentLsn === null)
    return { kind: 'silent', problem: 'PostgreSQL does not say where its WAL ends', refused: false };
  const waits = parseWaits(text(row, 'waits'));
  const foreign = waits.foreign
    ? [`synchronous_standby_names is "${text(row, 'waits')}", which batond did not write`]
    : [];
  return {
    kind: 'primary',
    ...common(row, copyId, Number(`0x${text(row, 'current_file').slice(0, 8)}`) as Timeline),
    currentLsn,
    waitsFor: waits.waitsFor,
    waitsForNobody: waits.waitsForNobody,
    waitsRuledBy,
    walsenders: ((row['senders'] ?? []) as readonly Row[]).map(walsender),
    checkpointTimeline: number(row, 'checkpoint_timeline') as Timeline,
    admits,
    archiverFails: flag(row, 'archiver_fails'),
    baseBackups: number(row, 'base_backups'),
    probeWaits: flag(row, 'probe_waits'),
    warnings: [...foreign, ...warnings],
  };
}

function standbyLook(row: Row, copyId: CopyId | null, armed: boolean): Look {
  const replayLsn = optionalLsn(row, 'replayed_lsn');
  if (replayLsn === null)
    return { kind: 'silent', problem: 'PostgreSQL does not say how far it has replayed', refused: false };
  // What was streamed in this run; after a restart it begins anew, at the start of a segment, behind what was replayed.
  const received = optionalLsn(row, 'received_lsn') ?? lsn(0n);
  const streaming = row['receiver_status'] === 'streaming' && row['sender_host'] !== null;
  return {
    kind: 'standby',
    ...common(row, copyId, standbyTimeline(row)),
    receivedLsn: received > replayLsn ? received : replayLsn,
    replayLsn,
    replayPaused: flag(row, 'paused'),
    streamingFrom: streaming ? `${text(row, 'sender_host')}:${number(row, 'sender_port')}` : null,
    follows: followedBy(text(row, 'conninfo')),
    replayedCommitAt: optionalText(row, 'replayed_at'),
    armed,
  };
}

/** The newest timeline of which there is WAL here. Without a walreceiver the names of the files say it. */
function standbyTimeline(row: Row): Timeline {
  const files = optionalText(row, 'newest_wal_timeline');
  const known = [
    row['received_timeline'],
    row['checkpoint_timeline'],
    row['recovery_timeline'],
    files === null ? 0 : Number(`0x${files}`),
  ];
  return Math.max(...known.map((each) => (typeof each === 'number' ? each : 0))) as Timeline;
}

function walsender(row: Row): LookWalsender {
  return {
    applicationName: text(row, 'name'),
    state: text(row, 'state'),
    syncState: text(row, 'sync_state'),
    syncPriority: number(row, 'sync_priority'),
    flushLsn: optionalLsn(row, 'flush_lsn'),
    replayLsn: optionalLsn(row, 'replay_lsn'),
    slotName: optionalText(row, 'slot'),
  };
}
