import type { Server } from './history.ts';
import type { WireSession } from './wire-session.ts';

/** The timeline is the one being written: the control file keeps the old one until the first checkpoint after a promotion. */
const question = `
  SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean,
         (SELECT system_identifier FROM pg_control_system()),
         CASE WHEN NOT pg_is_in_recovery()
              THEN ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
         pg_postmaster_start_time()`;

/** Null while it takes no writes. Rejects when the session ends. */
export async function identifyServer(session: WireSession, target: string): Promise<Server | null> {
  const { rows } = await session.query(question);
  const [writable, systemIdentifier, timeline, postmasterStart] = rows[0] ?? [];
  if (writable !== 't' || systemIdentifier == null || timeline == null || postmasterStart == null) return null;
  return { target, systemIdentifier, timeline: Number(timeline), postmasterStart };
}
