/**
 * Puts the clients of another server out and lets none in again, through its own pg_hba.conf. Nothing of it stays: Baton
 * writes that file anew before every start. (A setting made with ALTER SYSTEM would outlive a rejoin.)
 */
import { escapeLiteral } from 'pg';
import type { Ms } from '../../core/units.ts';
import { renderAccess } from './host-based-access.ts';
import type { RemoteFence } from './remote-fence.ts';
import { flag, number, only, text } from './row.ts';
import { openSession, type Session } from './session.ts';
import { until } from './until.ts';

const askLimitMs: Ms = 1_000;
const reloadLimitMs: Ms = 2_000;
const everyMs: Ms = 10;

/** Throws SessionFailure or OperationFailure. A client that connects as the superuser is not kept out. */
export async function closeToClients(
  session: Session,
  { clock, target, replicationUsername, signal }: RemoteFence,
): Promise<void> {
  const { username } = target.credentials;
  const lines = renderAccess({ superuser: username, replication: replicationUsername, clients: [] }, 'baton-only');
  const asked = only(
    await session.run(`SELECT current_setting('hba_file') AS file, clock_timestamp()::text AS at`, askLimitMs, signal),
  );
  const array = lines
    .trimEnd()
    .split('\n')
    .map((line) => escapeLiteral(line))
    .join(', ');
  const write = `COPY (SELECT unnest(ARRAY[${array}])) TO ${escapeLiteral(text(asked, 'file'))}`;
  await session.run(`${write}; SELECT pg_reload_conf()`, askLimitMs, signal);
  await until(
    { clock, limitMs: reloadLimitMs, everyMs, signal },
    async (leftMs) => {
      const fresh = await openSession(clock, target, Math.min(leftMs, askLimitMs), signal);
      try {
        const loaded = `SELECT pg_conf_load_time() >= ${escapeLiteral(text(asked, 'at'))}::timestamptz AS loaded`;
        return flag(only(await fresh.run(loaded, askLimitMs, signal)), 'loaded') ? true : null;
      } finally {
        fresh.destroy();
      }
    },
    () => 'it has not read pg_hba.conf again',
  );
  const clients = `pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND NOT (usename = ${escapeLiteral(username)} AND application_name LIKE 'baton-%')`;
  await until(
    { clock, limitMs: reloadLimitMs, everyMs, signal },
    async () => {
      await session.run(`SELECT pg_terminate_backend(pid) FROM ${clients}`, askLimitMs, signal);
      const left = await session.run(`SELECT count(*)::int AS left FROM ${clients}`, askLimitMs, signal);
      return number(only(left), 'left') === 0 ? true : null;
    },
    () => 'sessions of clients do not end',
  );
}
