/** Makes the running server read its files again, and sees that it has. */
import type { Ms } from '../../core/units.ts';
import type { Instance } from './instance.ts';
import { flag, only, type Row, text } from './row.ts';
import { openSession } from './session.ts';
import { until } from './until.ts';

const reloadLimitMs: Ms = 3_000;
const askLimitMs: Ms = 1_000;
const everyMs: Ms = 5;

/**
 * Reloads and ends when a session shows `value`. That is the word of a session: each process of the server re-reads the
 * file in its own time, the checkpointer last. Throws OperationFailure when another file overrides Baton's.
 */
export async function reloadUntilShown(
  instance: Instance,
  name: string,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  let shown: Row | null = null;
  await instance.control.use(askLimitMs, (talk, leftMs) => talk.run('SELECT pg_reload_conf()', leftMs()), signal);
  const question = `SELECT setting, coalesce(sourcefile, source) AS place FROM pg_settings WHERE name = '${name}'`;
  await until(
    { clock: instance.clock, limitMs: reloadLimitMs, everyMs, signal },
    async (leftMs) => {
      shown = only(
        await instance.control.use(Math.min(leftMs, askLimitMs), (talk, left) => talk.run(question, left()), signal),
      );
      return text(shown, 'setting') === value ? true : null;
    },
    () =>
      `PostgreSQL does not apply the ${name} that batond wrote but the one from ${shown === null ? 'elsewhere' : text(shown, 'place')}; if that is postgresql.auto.conf: ALTER SYSTEM RESET ${name}`,
  );
}

/**
 * Reloads and ends when the postmaster has read pg_hba.conf: a connection that it accepts afterwards carries the time
 * of its last reload. A file with a wrong line is not taken over: look at it first.
 */
export async function reloadAccess(instance: Instance, signal: AbortSignal): Promise<void> {
  const { clock, control } = instance;
  const asked = await control.use(
    askLimitMs,
    async (talk, leftMs) => {
      const row = only(await talk.run('SELECT clock_timestamp()::text AS at', leftMs()));
      await talk.run('SELECT pg_reload_conf()', leftMs());
      return text(row, 'at');
    },
    signal,
  );
  await until(
    { clock, limitMs: reloadLimitMs, everyMs, signal },
    async (leftMs) => {
      const session = await openSession(clock, instance.local('baton-control'), Math.min(leftMs, askLimitMs), signal);
      try {
        const row = only(
          await session.run(`SELECT pg_conf_load_time() >= '${asked}'::timestamptz AS loaded`, askLimitMs, signal),
        );
        return flag(row, 'loaded') ? true : null;
      } finally {
        session.destroy();
      }
    },
    () => 'PostgreSQL has not read pg_hba.conf again',
  );
}
