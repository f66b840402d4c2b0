/** The compiled code of this program, which Node keeps in the directory that NODE_COMPILE_CACHE names, if it can. */
import { readdirSync, statSync } from 'node:fs';
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import { join } from 'node:path';

const directory = process.env['NODE_COMPILE_CACHE'];
/** Told from the one start to the other, and to nobody else: what begins with `BATON_` is configuration. */
const startedAgain = 'STARTED_AGAIN_BY_BATON';
const isSecondStart = process.env[startedAgain] !== undefined;
delete process.env[startedAgain];

/**
 * Written now and not at the end, because whoever is killed has none, and a disk that hangs must not keep him. What this
 * process starts is not told of the directory.
 */
export function keepCompiledCode(): void {
  flushCompileCache();
  delete process.env['NODE_COMPILE_CACHE'];
}

/**
 * For a daemon, once all that it needs is loaded and nothing is begun. Whatever had to be compiled at this start (the
 * first one of a version) was compiled by something that stays in memory, 20 to 30 MiB of it, for as long as the process
 * lives: so it begins anew, once, as the same process, with the code that it has just kept.
 */
export function startAgainIfCompiled(): void {
  keepCompiledCode();
  if (isSecondStart || directory === undefined || !wroteCode()) return;
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...(process.env as Record<string, string>),
    NODE_COMPILE_CACHE: directory,
    [startedAgain]: 'yes',
  });
}

/** Whether anything was kept since this process began; another process of this user may have done it, which does no harm. */
function wroteCode(): boolean {
  const kept = getCompileCacheDir();
  if (kept === undefined) return false;
  try {
    return readdirSync(kept).some((file) => statSync(join(kept, file)).mtimeMs >= performance.timeOrigin);
  } catch {
    return false;
  }
}
