/** The proof of I3 by the fake's own mechanics: it succeeds only when a commit really waited. */
import { ok } from '../../../src/core/result.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { CopyName } from '../../../src/core/postgres-view.ts';
import type { Endpoint, Outcome } from '../../../src/ports/postgres.ts';
import type { FakeServer } from './fake-server.ts';
import { fail, type LocalPostgres } from './local-postgres.ts';

const stepLimitMs: Ms = 500;

export async function proveWait(
  local: LocalPostgres,
  standby: Endpoint,
  copyName: CopyName,
  names: readonly CopyName[],
  signal: AbortSignal,
): Outcome {
  const server = local.listening();
  if (server === null) return fail('postgres does not run');
  try {
    return await prove(local, server, standby, copyName, names, signal);
  } finally {
    // Also when it failed or was aborted: a replay that stays paused would cost a promotion a second.
    void setPaused(local, server, standby.host, false);
  }
}

async function prove(
  local: LocalPostgres,
  server: FakeServer,
  standby: Endpoint,
  copyName: CopyName,
  names: readonly CopyName[],
  signal: AbortSignal,
): Outcome {
  if (!(await setPaused(local, server, standby.host, true))) return fail(`${standby.host} did not pause its replay`);
  const misplaced = names.find(
    (name, at) => ![...server.senders].some((sender) => sender.name === name && sender.priority === at + 1),
  );
  if (misplaced !== undefined) return fail(`no walsender shows the new priority of ${misplaced}`);

  let acknowledged = false;
  let count = 0;
  const asked = await local.ask(stepLimitMs, () => {
    const before = server.dir.records.length;
    const went = server.commit(null, 'probe', null, 'apply', (_count, how) => {
      acknowledged = how === 'reached';
    });
    count = before + 1;
    return went;
  });
  if (asked.kind !== 'answer' || !asked.value) return fail('the probe could not be committed');
  const seen = await local.until(
    () => acknowledged || server.waits.waiting('apply', count),
    1,
    stepLimitMs,
    signal,
    'a commit that waits',
  );
  if (!seen.ok) return seen;
  if (acknowledged) return fail('the commit did not wait');
  const mark = server.dir.records.length;

  if (!(await setPaused(local, server, standby.host, false))) return fail(`${standby.host} did not resume its replay`);
  const flushed = () => [...server.senders].some((sender) => sender.name === copyName && sender.flushed >= mark);
  const went = await local.until(
    () => server.phase !== 'primary' || (acknowledged && flushed()),
    1,
    4 * stepLimitMs,
    signal,
    `${copyName} flushes what was written while a commit waited`,
  );
  if (!went.ok) return went;
  return server.phase === 'primary' ? ok(undefined) : fail('postgres ended');
}

/** Over a connection of batond's own to the standby. */
function setPaused(local: LocalPostgres, server: FakeServer, standby: string, paused: boolean): Promise<boolean> {
  const { world, host } = server;
  const far = world.host(standby);
  return new Promise((resolve) => {
    const cancel = local.batond.clock.timer(stepLimitMs, () => resolve(false));
    world.network.packet(host, far, () => {
      const there = world.listening(standby);
      there?.process.run(() => {
        const went = there.phase === 'standby';
        if (went) there.replay.setPaused(paused);
        world.network.packet(far, host, () =>
          local.batond.run(() => {
            cancel();
            resolve(went);
          }),
        );
      });
    });
  });
}
