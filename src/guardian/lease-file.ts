/** The lease id on disk: with it a restarted guardian goes on with the lease that the leader key is on. */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { leaseId as toLeaseId } from '../core/units.ts';
import type { KeptLease } from '../ports/batond-link.ts';

export function leaseFile(stateDir: string): KeptLease {
  const path = join(stateDir, 'lease.json');
  return {
    async read() {
      try {
        const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
        const id = typeof kept === 'object' && kept !== null && 'leaseId' in kept ? kept.leaseId : null;
        return typeof id === 'string' && /^[1-9][0-9]{0,18}$/.test(id) ? toLeaseId(id) : null;
      } catch {
        return null; // Absent or damaged: the old lease ends by itself, a new one is granted.
      }
    },
    async write(leaseId) {
      const fresh = `${path}.new`;
      const file = await open(fresh, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ leaseId })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
      const directory = await open(dirname(path), 'r');
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    },
  };
}
