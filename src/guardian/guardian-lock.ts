/** One guardian per state directory: a second one would take the first one's postgres for a leftover and kill it. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../core/result.ts';
import type { ProcessHost, ProcessIdentity } from '../ports/process-host.ts';
import { formatIdentity, parseIdentity } from '../wire/process-identity.ts';

export const lockPath = (stateDir: string): string => join(stateDir, 'guardian.pid');

/**
 * Takes the lock by a hard link, which only one of many can make. The file of a holder that is dead (no process of that
 * pid with that start time) is moved away first; whoever moves a living holder's file by a hair puts it back.
 */
export function lockStateDirectory(stateDir: string, host: ProcessHost, self: ProcessIdentity): Result<void, string> {
  const path = lockPath(stateDir);
  const mine = `${path}.${self.pid}`;
  writeFileSync(mine, formatIdentity(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (link(mine, path)) return ok(undefined);
      const holder = read(path);
      if (holder !== null && lives(host, holder)) return err(`guardian ${holder.pid} already guards ${stateDir}`);
      clear(path, `${mine}.old`, host);
    }
    return err(`cannot take ${path}: others try at the same time`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function clear(path: string, aside: string, host: ProcessHost): void {
  try {
    renameSync(path, aside);
  } catch {
    return; // Somebody else was faster.
  }
  const moved = read(aside);
  if (moved !== null && lives(host, moved)) link(aside, path);
  rmSync(aside, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

const lives = (host: ProcessHost, holder: ProcessIdentity): boolean =>
  host.identify(holder.pid)?.startTicks === holder.startTicks;
