/** Who may connect, changed while the server runs (I8). */
import type { Ms } from '../../core/units.ts';
import { OperationFailure } from './failure.ts';
import { type Admits, readAccess, writeAccess } from './host-based-access.ts';
import type { Instance } from './instance.ts';
import { reloadAccess } from './reload.ts';
import { text } from './row.ts';

const askLimitMs: Ms = 2_000;

/** Throws OperationFailure or SessionFailure. `baton-only` also ends the sessions that are not Baton's own. */
export async function admit(instance: Instance, whom: Admits, signal: AbortSignal): Promise<void> {
  const { options, dataDir } = instance;
  const before = await readAccess(dataDir);
  await writeAccess(options, dataDir, whom);
  const wrong = await wrongLine(instance, signal);
  if (wrong !== null) {
    // With a wrong line the running server keeps its rules, but the next one would not start.
    await writeAccess({ ...options, hba: [] }, dataDir, before);
    throw new OperationFailure(`${wrong}. Mend postgres.hba in the configuration`, false);
  }
  await reloadAccess(instance, signal);
  if (whom === 'everybody') return;
  const superuser = instance.options.superuser.username.replaceAll("'", "''");
  await instance.control.use(
    askLimitMs,
    (talk, leftMs) =>
      talk.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
         AND NOT (usename = '${superuser}' AND application_name LIKE 'baton-%')`,
        leftMs(),
      ),
    signal,
  );
}

/** What PostgreSQL thinks of the file as it is on disk. */
async function wrongLine(instance: Instance, signal: AbortSignal): Promise<string | null> {
  const question = 'SELECT line_number::text AS line, error FROM pg_hba_file_rules WHERE error IS NOT NULL LIMIT 1';
  const rows = await instance.control.use(askLimitMs, (talk, leftMs) => talk.run(question, leftMs()), signal);
  const [wrong] = rows;
  return wrong === undefined ? null : `pg_hba.conf line ${text(wrong, 'line')}: ${text(wrong, 'error')}`;
}
