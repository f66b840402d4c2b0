/** Where the passwords of a rig can be read although they should not be. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Rig } from '../../scripts/rig/rig.ts';

/** The member's own files for them, and libpq's. */
const allowed = /^(superuser\.password|replication\.password|pgpass)$/;

export function plantedSecrets(rig: Rig): readonly string[] {
  return [...rig.members.values()].flatMap(({ files }) =>
    ['superuser.password', 'replication.password'].map((name) =>
      readFileSync(join(files.directory, name), 'utf8').trim(),
    ),
  );
}

/** Command lines of the rig's processes, running now, that hold one of them. */
export function commandLinesWith(rig: Rig, secrets: readonly string[]): readonly string[] {
  return [...rig.members.values()]
    .flatMap((member) => member.processes('node'))
    .map(({ argv }) => argv.join(' '))
    .filter((line) => secrets.some((secret) => line.includes(secret)));
}

/** Files below the rig's directory that hold one of them: logs, journals, state, data directories, etcd's own. */
export function filesWith(rig: Rig, secrets: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(rig.directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || allowed.test(basename(path))) continue;
    const content = contentOf(path);
    if (secrets.some((secret) => content.includes(secret))) found.push(path);
  }
  return found;
}

/** Empty when it is gone by now. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
