/**
 * Takes Baton away from a pair and gives it back. Away: every process of both members is killed at once, and both servers
 * are started again with the commands that the guardians used, on the same files: the primary goes on waiting for the
 * same standby, because `synchronous_standby_names` is still what it was.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { daemonOwner, asOwner } from '../../rig/owner.ts';
import { signalOne, tagOf } from '../../rig/processes.ts';
import type { ClientEndpoint, Rig } from '../../rig/rig.ts';
import { connect } from '../../rig/writable-session.ts';

interface Server {
  readonly member: string;
  readonly program: string;
  readonly args: readonly string[];
}

const startLimitMs = 60_000;
const stopLimitMs = 30_000;
const connectLimitMs = 1_000;

/** As `SHOW` has them, by name: with and without Baton they are to be the same. */
export type Settings = ReadonlyMap<string, string>;

/** `leader` is the primary, before and after. */
export async function takeAway(rig: Rig, leader: string): Promise<void> {
  const servers = [...rig.members.keys()].map((member) => serverOf(rig, member));
  await Promise.all(servers.map(({ member }) => rig.killNode(member)));
  for (const server of servers) start(rig, server);
  const primary = endpointOf(rig, leader);
  await rig.waitFor('a synchronous standby without Baton', startLimitMs, () => isSynchronous(primary));
}

/** Stops both servers, the primary first, and starts the daemons. The caller waits for redundancy. */
export async function giveBack(rig: Rig, leader: string): Promise<void> {
  const others = [...rig.members.keys()].filter((member) => member !== leader);
  for (const member of [leader, ...others]) await stop(rig, member);
  for (const member of rig.members.keys()) rig.restartNode(member);
}

/** All settings but those that say when the server started. */
export async function settingsOf(endpoint: ClientEndpoint): Promise<Settings> {
  const rows = await ask<{ name: string; setting: string }>(endpoint, 'SELECT name, setting FROM pg_settings');
  if (rows === null) throw new Error(`${endpoint.name} does not answer`);
  return new Map(rows.map(({ name, setting }) => [name, setting]));
}

/** One line for each that is not the same. */
export const differences = (one: Settings, other: Settings): readonly string[] =>
  [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => one.get(name) !== other.get(name))
    .map((name) => `${name}: ${one.get(name) ?? 'not there'} and ${other.get(name) ?? 'not there'}`);

/** So that no run pays for the writes of the one before it. */
export async function checkpoint(endpoint: ClientEndpoint): Promise<void> {
  if ((await ask(endpoint, 'CHECKPOINT')) === null) throw new Error(`${endpoint.name} made no checkpoint`);
}

export function endpointOf(rig: Rig, member: string): ClientEndpoint {
  const found = rig.clientEndpoints().find(({ name }) => name === member);
  if (found === undefined) throw new Error(`no member ${member} in this rig`);
  return found;
}

async function isSynchronous(endpoint: ClientEndpoint): Promise<boolean> {
  const rows = await ask<{ count: string }>(
    endpoint,
    `SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'`,
  );
  return Number(rows?.[0]?.count ?? 0) > 0;
}

/** Null when the server does not answer, or refuses. */
async function ask<T extends object>(endpoint: ClientEndpoint, text: string): Promise<readonly T[] | null> {
  const session = await connect(endpoint, connectLimitMs, false);
  if (session === null) return null;
  try {
    return (await session.client.query<T>(text)).rows;
  } catch {
    return null;
  } finally {
    session.drop();
  }
}

function serverOf(rig: Rig, member: string): Server {
  const pid = rig.member(member).postmasterPid();
  if (pid === null) throw new Error(`${member} has no postmaster`);
  const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  return { member, program: readlinkSync(`/proc/${pid}/exe`), args };
}

function start(rig: Rig, { member, program, args }: Server): void {
  const { files } = rig.member(member);
  // Nothing of it runs, but the number of the dead may still be taken: until somebody asks how it ended.
  rmSync(join(files.dataDir, 'postmaster.pid'), { force: true });
  rmSync(join(files.stateDir, `.s.PGSQL.${files.postgresPort}.lock`), { force: true });
  const [command, ...rest] = asOwner(daemonOwner(), program, ...args);
  const log = openSync(join(files.stateDir, 'postgres.log'), 'a');
  spawn(command, rest, {
    cwd: files.dataDir,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', BATON_RIG: tagOf(rig.id, member) },
    stdio: ['ignore', log, log],
    detached: true,
  }).on('error', () => undefined); // Seen by whoever waits for the standby.
  closeSync(log);
}

async function stop(rig: Rig, name: string): Promise<void> {
  const member = rig.member(name);
  const pid = member.postmasterPid();
  if (pid === null) return;
  signalOne(pid, 'SIGINT');
  await rig.waitFor(`the end of ${name}'s server`, stopLimitMs, () => member.postmasterPid() === null);
}
