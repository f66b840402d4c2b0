/**
 * The proof of I3: a commit was seen waiting for this standby. What the views say proves nothing, since the checkpointer
 * switches waiting on in its own time; so the standby's replay is held for a moment, and a commit that asks for replay
 * must hang. Clients, who ask for less, are not held.
 */
import { memberOfCopy, slotName } from '../../core/copy-name.ts';
import { type Lsn, formatLsn, type Ms } from '../../core/units.ts';
import type { CopyName } from '../../core/postgres-view.ts';
import type { Endpoint } from '../../ports/postgres.ts';
import { OperationFailure } from './failure.ts';
import { endLeftBehind } from './left-behind.ts';
import type { Instance } from './instance.ts';
import { flag, number, only, optionalLsn, optionalText, type Row, text } from './row.ts';
import { openSession, type Session } from './session.ts';
import { until } from './until.ts';

/** The standby's own daemon resumes replay after as long. */
const pauseLimitMs: Ms = 500;
const proofLimitMs: Ms = 2_500;
/** application_name of the session whose commit must wait. */
const commitName = 'baton-prove-commit';
const askLimitMs: Ms = 500;
const everyMs: Ms = 2;

interface Proof {
  readonly instance: Instance;
  readonly copyName: CopyName;
  readonly names: readonly CopyName[];
  readonly signal: AbortSignal;
  readonly here: Session;
  readonly prober: Session;
  readonly there: Session;
}

/** Throws OperationFailure or SessionFailure when nothing was proved. Replay is resumed on every way out. */
export async function proveWait(
  instance: Instance,
  standby: Endpoint,
  copyName: CopyName,
  names: readonly CopyName[],
  signal: AbortSignal,
): Promise<void> {
  if (!names.includes(copyName))
    throw new OperationFailure(`${copyName} is not among the names that are waited for`, false);
  const { clock } = instance;
  const sessions: Session[] = [];
  const open = async (target: Parameters<typeof openSession>[1]) => {
    const session = await openSession(clock, target, askLimitMs, signal);
    sessions.push(session);
    return session;
  };
  let unproved: Pick<Proof, 'here' | 'prober'> | null = null;
  try {
    const here = await open(instance.local('baton-prove'));
    await here.run(endLeftBehind(commitName), askLimitMs, signal);
    const prober = await open(instance.local(commitName, { synchronous_commit: 'remote_apply' }));
    const there = await open(instance.remote(standby, 'baton-prove'));
    const proof: Proof = { instance, copyName, names, signal, here, prober, there };
    unproved = proof;
    await mustBeThatCopy(proof);
    await until(
      { clock, limitMs: askLimitMs, everyMs, signal },
      async () => ((await priorities(proof)) === null ? true : null),
      () => `not every walsender shows its place in ${names.join(', ')}`,
    );
    await flushed(proof, await hangOnce(proof, standby));
    unproved = null;
  } finally {
    if (unproved !== null) await endCommit(unproved);
    for (const session of sessions) session.destroy(); // closed, never cancelled
  }
}

/** A commit that was left waiting would hold its place until a standby comes: its backend does not notice that we are gone. */
async function endCommit({ here, prober }: Pick<Proof, 'here' | 'prober'>): Promise<void> {
  await here.run(`SELECT pg_terminate_backend(${prober.pid})`, askLimitMs).catch(() => undefined);
}

/** With replay paused there, a commit here must hang. The position that the standby has to flush to complete the proof. */
async function hangOnce(proof: Proof, standby: Endpoint): Promise<Lsn> {
  const { instance, prober, there, signal } = proof;
  const { clock } = instance;
  let returned = false;
  let probing: Promise<unknown> = Promise.resolve();
  let position: Lsn;
  try {
    await pause(proof);
    probing = prober.run(emit, proofLimitMs, signal).finally(() => {
      returned = true;
    });
    probing.catch(() => undefined); // awaited below, unless something else fails first
    const hanging = async () => {
      if (returned)
        throw new OperationFailure('the commit did not wait for the standby: waiting is not switched on yet', true);
      return (await isHanging(proof)) ? true : null;
    };
    await until({ clock, limitMs: pauseLimitMs, everyMs, signal }, hanging, () => 'the commit was not seen waiting');
    await othersApplied(proof);
    await until({ clock, limitMs: askLimitMs, everyMs, signal }, hanging, () => 'the commit did not go on waiting');
    position = insertPosition(
      only(await proof.here.run('SELECT pg_current_wal_insert_lsn()::text AS position', askLimitMs, signal)),
    );
  } finally {
    await resume(instance, there, standby);
  }
  await probing;
  return position;
}

async function pause({ instance, there, signal }: Proof): Promise<void> {
  await there.run('SELECT pg_wal_replay_pause()', askLimitMs, signal);
  await until(
    { clock: instance.clock, limitMs: pauseLimitMs, everyMs, signal },
    async () =>
      text(only(await there.run('SELECT pg_get_wal_replay_pause_state() AS state', askLimitMs, signal)), 'state') ===
      'paused'
        ? true
        : null,
    () => 'replay did not pause',
  );
}

/** On another session if the first is broken. A pause that is left all the same is ended by the standby's daemon. */
async function resume(instance: Instance, there: Session, standby: Endpoint): Promise<void> {
  const sql = 'SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_replay_resume()::text END';
  try {
    await there.run(sql, askLimitMs);
  } catch {
    try {
      const again = await openSession(instance.clock, instance.remote(standby, 'baton-prove'), askLimitMs);
      await again.run(sql, askLimitMs).finally(() => again.destroy());
    } catch (failure) {
      instance.options.log.warn(`replay at ${standby.host}:${standby.port} may still be paused: ${String(failure)}`);
    }
  }
}

/** The one at the other end must stream under the name that is to be proved, and nobody may have paused it. */
async function mustBeThatCopy({ there, copyName, signal }: Proof): Promise<void> {
  const question = `SELECT pg_is_in_recovery() AS recovering, current_setting('primary_conninfo') AS conninfo,
    CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END AS pause`;
  const row = only(await there.run(question, askLimitMs, signal));
  if (!flag(row, 'recovering')) throw new OperationFailure('the other end is not in recovery', true);
  if (!` ${text(row, 'conninfo')} `.includes(` application_name=${copyName} `))
    throw new OperationFailure(`the standby does not stream as ${copyName}`, true);
  if (optionalText(row, 'pause') !== 'not paused') throw new OperationFailure('replay is paused there already', true);
}

/** Null when each name is carried by one walsender, on its member's slot, at its place in the list; else what is not so. */
async function priorities({ here, names, signal }: Proof): Promise<string | null> {
  const question = `SELECT lower(sender.application_name) AS name, sender.sync_priority AS priority, slot.slot_name::text AS slot
    FROM pg_stat_replication sender LEFT JOIN pg_replication_slots slot ON slot.active_pid = sender.pid`;
  const rows = await here.run(question, askLimitMs, signal);
  for (const [at, name] of names.entries()) {
    const member = memberOfCopy(name);
    const carriers = rows.filter((row) => text(row, 'name') === name.toLowerCase());
    const [carrier] = carriers;
    if (carrier === undefined || carriers.length > 1) return `${name} is carried by ${carriers.length} walsenders`;
    if (number(carrier, 'priority') !== at + 1) return `${name} is at place ${number(carrier, 'priority')}`;
    if (member === null || optionalText(carrier, 'slot') !== slotName(member))
      return `${name} is not on its member's slot`;
  }
  return null;
}

async function isHanging({ here, prober, signal }: Proof): Promise<boolean> {
  const question = `SELECT count(*)::int AS hanging FROM pg_stat_activity WHERE pid = ${prober.pid} AND wait_event = 'SyncRep'`;
  return number(only(await here.run(question, askLimitMs, signal)), 'hanging') === 1;
}

/** Once the others have applied the commit, it is the paused standby alone that it still waits for. */
async function othersApplied({ instance, here, names, copyName, signal }: Proof): Promise<void> {
  const others = names.filter((name) => name !== copyName);
  if (others.length === 0) return;
  const position = text(
    only(await here.run('SELECT pg_current_wal_flush_lsn()::text AS position', askLimitMs, signal)),
    'position',
  );
  const list = others.map((name) => `'${name.toLowerCase()}'`).join(', ');
  const question = `SELECT count(*)::int AS applied FROM pg_stat_replication WHERE lower(application_name) IN (${list}) AND replay_lsn >= '${position}'`;
  await until(
    { clock: instance.clock, limitMs: pauseLimitMs, everyMs, signal },
    async () => (number(only(await here.run(question, askLimitMs, signal)), 'applied') === others.length ? true : null),
    () => 'the other standbys have not applied the commit',
  );
}

/** A second commit carries the stream past the position, which may lie in a page that nobody has begun. */
async function flushed(proof: Proof, position: Lsn): Promise<void> {
  const { instance, here, prober, copyName, signal } = proof;
  await prober.run(`SET synchronous_commit = on; ${emit}`, proofLimitMs, signal);
  const question = `SELECT flush_lsn::text AS flushed FROM pg_stat_replication WHERE lower(application_name) = '${copyName.toLowerCase()}'`;
  await until(
    { clock: instance.clock, limitMs: askLimitMs, everyMs, signal },
    async () => {
      const rows = await here.run(question, askLimitMs, signal);
      const reached = rows.length === 1 ? optionalLsn(only(rows), 'flushed') : null;
      return reached !== null && reached >= position ? true : null;
    },
    () => `the standby has not flushed ${formatLsn(position)}`,
  );
  const left = await priorities(proof);
  if (left !== null) throw new OperationFailure(`the walsenders changed during the proof: ${left}`, true);
}

const emit = "BEGIN; SELECT pg_logical_emit_message(true, 'baton', ''); COMMIT";

function insertPosition(row: Row): Lsn {
  const position = optionalLsn(row, 'position');
  if (position === null) throw new OperationFailure('PostgreSQL does not say where its WAL ends', true);
  return position;
}
