/** What a ledger keeps in memory of its entries, however many there are on the disk. */
import { type Incident, newerOf } from '../../core/sla/incident.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';

/** Incidents kept in memory; older ones are in the files. */
const INCIDENTS_MAX = 1_000;
/** Entries of other kinds that are kept in memory at the start: years of quiet ones. Those of no kind here are not. */
const BODIES_MAX: Readonly<Record<string, number>> = {
  service: 100_000,
  record: 20_000,
  report: 10_000,
  evidence: 400,
  'near-miss': 5_000,
  contract: 10_000,
  notice: 1_000,
};

export class LedgerMemory {
  readonly #incidents = new Map<string, Incident>();
  readonly #bodies = new Map<string, unknown[]>();

  /** Of what was on the disk at the start. */
  collect(entry: LedgerEntry): void {
    this.remember(entry);
    const { kind, body } = entry;
    const max = BODIES_MAX[kind];
    if (max === undefined) return;
    const ofKind = this.#bodies.get(kind) ?? [];
    ofKind.push(body);
    if (ofKind.length > max) ofKind.shift();
    this.#bodies.set(kind, ofKind);
  }

  /**
   * The newest version of an incident; nothing of any other entry. A copy that the disk had refused may be appended after
   * what its recorder wrote since.
   */
  remember({ kind, body }: LedgerEntry): void {
    if (kind !== 'incident') return;
    const incident = body as Incident;
    if (incident?.v !== 1 || typeof incident.id !== 'string') return;
    this.#incidents.set(incident.id, newerOf(this.#incidents.get(incident.id), incident));
    for (const id of this.#incidents.keys()) if (this.#incidents.size > INCIDENTS_MAX) this.#incidents.delete(id);
  }

  incidents(): readonly Incident[] {
    return [...this.#incidents.values()];
  }

  bodies(kind: string): readonly unknown[] {
    return this.#bodies.get(kind) ?? [];
  }
}
