/** The ledger on a simulated disk: its order and its survival, not its hashes. */
import { err, ok } from '../../../src/core/result.ts';
import { type Incident, newerOf } from '../../../src/core/sla/incident.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { Disk } from './disk.ts';

const noHash = '0'.repeat(64);

export function createFakeLedger(disk: Disk, clock: Clock): Ledger {
  const append: Ledger['append'] = async (kind, body) => {
    await clock.sleep(1);
    const problem = await disk.durably(clock).then(
      () => null,
      (error: Error) => error.message,
    );
    if (problem !== null) return err(problem);
    const entry = {
      seq: disk.ledger.length,
      wall: new Date(clock.wall()).toISOString(),
      kind,
      body,
      prev: noHash,
      hash: noHash,
    };
    disk.ledger.push(entry);
    if (kind === 'incident') {
      const incident = body as Incident;
      disk.incidents.set(incident.id, newerOf(disk.incidents.get(incident.id), incident));
    }
    return ok(entry);
  };
  // One after the other, as in the file.
  let last: Promise<unknown> = Promise.resolve();
  return {
    append: (kind, body) => {
      const turn = last.then(() => append(kind, body));
      last = turn;
      return turn;
    },
    extract: async (_mention, wanted) => ({
      entries: disk.ledger.filter(wanted),
      head: { entries: disk.ledger.length, lastHash: noHash },
      problem: null,
    }),
    verify: async () => ({ kind: 'intact', entries: disk.ledger.length, lastHash: noHash }),
    incidents: () => incidentsOn({ disk }),
    bodies: (wanted) => disk.ledger.filter(({ kind }) => kind === wanted).map(({ body }) => body),
    close: async () => {},
  };
}

/** The newest version of each incident that a member has on its disk. */
export function incidentsOn({ disk }: { readonly disk: Disk }): readonly Incident[] {
  return [...disk.incidents.values()];
}
