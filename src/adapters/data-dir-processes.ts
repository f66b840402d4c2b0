/** Who works in a data directory. */
import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** The pids of this user's living processes whose working directory this is: PostgreSQL's own, from their first instant on. */
export function processesIn(dataDir: string): readonly number[] {
  const own = process.getuid?.() ?? 0;
  const names = namesOf(dataDir);
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!names.has(readlinkSync(`/proc/${pid}/cwd`))) continue;
      if (statSync(`/proc/${pid}`).uid === own) found.push(pid);
    } catch {
      // It ended meanwhile (or is dead and not reaped), or is another user's.
    }
  }
  return found;
}

const resolvedNames = new Map<string, string>();

/** How the kernel may name the directory. The resolved name is kept: a dead disk must not be asked during a fence. */
function namesOf(dataDir: string): ReadonlySet<string> {
  let resolved = resolvedNames.get(dataDir);
  if (resolved === undefined) {
    try {
      resolved = realpathSync(dataDir);
      resolvedNames.set(dataDir, resolved);
    } catch {
      resolved = dataDir; // Not there yet: asked again by the next scan.
    }
  }
  return new Set([dataDir, resolved].flatMap((name) => [name, `${name} (deleted)`]));
}
