/** The standby leaves recovery: asked by a file and a signal, which need no connection, and asked again until it has. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ms } from '../../core/units.ts';
import type { CommitWaits, NextTimeline } from '../../ports/postgres.ts';
import { changeConfiguration, readOnlySetting, waitsSetting } from './configuration.ts';
import { hasCode } from '../system-error.ts';
import { OperationFailure, SessionFailure } from './failure.ts';
import { placeHistories } from './history.ts';
import type { Instance } from './instance.ts';
import { promoteFile } from './marks.ts';
import { postmasterOf } from './postmaster.ts';
import { flag, only } from './row.ts';
import { until } from './until.ts';

/** A crash of the startup process loses the request, so it is made again. */
const askAgainMs: Ms = 50;
const lookEveryMs: Ms = 3;
const promoteLimitMs: Ms = 60_000;
/** Before the request nothing is at stake; while it stands, whether it may is asked again at least this often. */
const preparationLimitMs: Ms = 2_000;
const answerLimitMs: Ms = 250;

/** Throws OperationFailure or SessionFailure. The request is withdrawn on every way out. */
export async function promote(
  instance: Instance,
  next: NextTimeline,
  waits: CommitWaits,
  mayGoOn: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const { clock, dataDir, control } = instance;
  const reload = await changeConfiguration(instance, { ...waitsSetting(waits), ...readOnlySetting(false) });
  const prepared = await control.use(
    preparationLimitMs,
    async (talk, leftMs) => {
      if (reload) await talk.run('SELECT pg_reload_conf()', leftMs());
      const sql =
        "SELECT pg_is_in_recovery() AS recovering, pg_is_in_recovery() AND pg_get_wal_replay_pause_state() <> 'not paused' AS paused";
      const row = only(await talk.run(sql, leftMs()));
      if (flag(row, 'paused')) await talk.run('SELECT pg_wal_replay_resume()', leftMs());
      return { recovering: flag(row, 'recovering') };
    },
    signal,
  );
  if (!prepared.recovering) return;
  await placeHistories(dataDir, next);

  const path = join(dataDir, promoteFile);
  let askedMono: number = Number.NEGATIVE_INFINITY;
  try {
    await until(
      { clock, limitMs: promoteLimitMs, everyMs: lookEveryMs, signal },
      async (leftMs) => {
        if (!mayGoOn())
          throw new OperationFailure('the leader key is no longer ours: the promotion is withdrawn', false);
        if (clock.mono() - askedMono >= askAgainMs) {
          await request(dataDir, path);
          askedMono = clock.mono();
        }
        return (await recovering(instance, Math.min(leftMs, answerLimitMs), signal)) ? null : true;
      },
      () => 'PostgreSQL is still in recovery',
    );
  } finally {
    await rm(path, { force: true });
  }
}

async function request(dataDir: string, path: string): Promise<void> {
  const pid = await postmasterOf(dataDir);
  if (pid === null) throw new OperationFailure(`no PostgreSQL runs in ${dataDir}`, true);
  await writeFile(path, '', { mode: 0o600 }); // a signal, not a fact: it need not survive anything
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (error) {
    if (hasCode(error, 'ESRCH')) throw new OperationFailure(`PostgreSQL in ${dataDir} has just ended`, true);
    throw error;
  }
}

/** No answer is no end of recovery; that the server has ended is found by the next request. */
async function recovering(instance: Instance, limitMs: Ms, signal: AbortSignal): Promise<boolean> {
  const question = 'SELECT pg_is_in_recovery() AS recovering';
  try {
    const rows = await instance.control.use(limitMs, (talk, leftMs) => talk.run(question, leftMs()), signal);
    return flag(only(rows), 'recovering');
  } catch (failure) {
    if (!(failure instanceof SessionFailure) || failure.outcome === 'aborted') throw failure;
    return true;
  }
}
