/** A commit like a client's, on a session that is kept for it. */
import type { CopyName } from '../../core/postgres-view.ts';
import type { MonoMs, Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WriteAnswer } from '../../ports/postgres.ts';
import { SessionFailure } from './failure.ts';
import { keepSession, type KeptSession } from './kept-session.ts';
import { endLeftBehind } from './left-behind.ts';
import { probeOutcome } from './probe.ts';
import { only, optionalLsn, type Row, text } from './row.ts';
import type { Session, SessionTarget } from './session.ts';

/**
 * One round trip. The message is a transaction without a table; COMMIT returns when every standby that is waited for
 * has flushed it, the flush position read after that lies behind the commit, and who has flushed it shows in the same
 * answer: a look of its own would come a round trip later, which is long on a busy host. On a standby or in a read-only
 * server nothing is sent, and the last statement says why.
 */
const commit = `
BEGIN;
SELECT CASE WHEN NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
  THEN set_config('baton.probe_lsn', pg_logical_emit_message(true, 'baton', '')::text, false) END;
COMMIT;
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn()::text END AS flushed_lsn,
  current_setting('transaction_read_only') AS read_only,
  (SELECT json_agg(application_name) FROM pg_stat_replication
   WHERE flush_lsn >= nullif(current_setting('baton.probe_lsn', true), '')::pg_lsn) AS flushed_by`;

/** A cancelled wait for synchronous replication: PostgreSQL warns, and then reports a commit all the same. */
const waitCancelled = ['01000', '57P01'];

export interface WriteProbe {
  write(limitMs: Ms): Promise<WriteAnswer>;
  letGo(): Promise<void>;
}

/** After an error the session is in a failed transaction: the next probe begins with another. */
async function ask(talk: Session, limitMs: Ms): Promise<readonly Row[]> {
  try {
    return await talk.run(commit, limitMs);
  } catch (failure) {
    talk.destroy();
    throw failure;
  }
}

export function createWriteProbe(clock: Clock, target: () => SessionTarget, onLost?: () => void): WriteProbe {
  const session: KeptSession = keepSession(
    clock,
    () => ({ ...target(), settings: { synchronous_commit: 'on' } }),
    onLost,
  );
  /** A probe was given up, by this process or by one before it, and may wait still. */
  let leftBehind = true;
  return {
    async write(limitMs) {
      let sentMono: MonoMs = clock.mono();
      try {
        return await session.use(limitMs, async (talk, leftMs): Promise<WriteAnswer> => {
          if (leftBehind) await talk.run(endLeftBehind(target().applicationName), leftMs());
          leftBehind = true;
          talk.takeWarnings();
          sentMono = clock.mono();
          const row = only(await ask(talk, leftMs()));
          leftBehind = false;
          const ackedMono = clock.mono();
          if (talk.takeWarnings().some((code) => waitCancelled.includes(code))) {
            return {
              ok: false,
              sentMono,
              outcome: 'unreachable',
              problem: 'somebody cancelled its wait for synchronous replication',
            };
          }
          const lsn = optionalLsn(row, 'flushed_lsn');
          if (lsn === null || text(row, 'read_only') === 'on') {
            return {
              ok: false,
              sentMono,
              outcome: 'read-only',
              problem: lsn === null ? 'it is in recovery' : 'transactions are read-only there',
            };
          }
          const flushedBy = (row['flushed_by'] ?? []) as readonly CopyName[];
          return { ok: true, sentMono, ackedMono, lsn, flushedBy };
        });
      } catch (failure) {
        if (!(failure instanceof SessionFailure)) throw failure;
        const outcome = probeOutcome(failure);
        // An error in place of a commit is a server that answers and does not write.
        return { ok: false, sentMono, outcome: outcome === 'ok' ? 'unreachable' : outcome, problem: failure.message };
      }
    },
    letGo: () => session.letGo(),
  };
}
