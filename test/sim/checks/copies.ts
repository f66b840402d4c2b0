/**
 * I9: each copy of the data has an id of its own, and a standby that streams has what its primary has. A copy that
 * differs is found here at once, and not only when it leads.
 */
import type { SimDirectory } from '../postgres/directory.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { Member } from '../hosts/member.ts';

export class Copies {
  /** By the name of a copy: the directory that has it. */
  readonly #known = new Map<string, SimDirectory>();

  /** What is wrong with this member's data; null when nothing is. */
  look({ disk, name }: Member): string | null {
    const { data } = disk;
    const copy = data?.copyName() ?? null;
    if (data === null || copy === null || data.unstartable !== null) return null;
    const known = this.#known.get(copy);
    this.#known.set(copy, data);
    return known === undefined || known === data ? null : `${name} has another copy of the data under the name ${copy}`;
  }

  /** Where a standby that streams differs from its primary; null where none does. */
  differs(primary: FakeServer): string | null {
    for (const { streaming, receiver } of primary.senders) {
      const { dir: standby, phase } = receiver.server;
      // One that was promoted meanwhile, or follows another, does not follow this one; its walsender has not heard of it.
      if (
        !streaming ||
        phase !== 'standby' ||
        receiver.server.receiver !== receiver ||
        standby.consistentAt > standby.records.length
      )
        continue;
      const count = Math.min(standby.records.length, primary.dir.flushed);
      for (let at = count - 1; at >= 0; at -= 1)
        if (standby.records[at] !== primary.dir.records[at])
          return `${receiver.server.host.name} follows ${primary.host.name} with another record at ${at}`;
    }
    return null;
  }
}
