/** What each incident's old primary alone had, from the evidence that every member keeps. */
import type { EvidenceBundle } from '../../core/sla/evidence/bundle.ts';
import { type IncidentTail, tailOf } from '../../core/sla/evidence/diverged-tail.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { parseEvidence } from '../../wire/evidence.ts';
import type { Records } from './records.ts';

export class TailBook {
  readonly #records: Records;
  /** Asked for at every look of whoever tells: read again when something was found. */
  #read: { readonly changes: number; readonly withTails: ReadonlyMap<string, readonly EvidenceBundle[]> } | null = null;

  constructor(records: Records) {
    this.#records = records;
  }

  tailOf(incident: Incident): IncidentTail | null {
    const { changes } = this.#records;
    if (this.#read?.changes !== changes) this.#read = { changes, withTails: this.#readAll() };
    return tailOf(incident, this.#read.withTails.get(incident.id) ?? []);
  }

  /** Of an incident, oldest look first. */
  bundlesOf(incident: string): readonly EvidenceBundle[] {
    const bundles = this.#records.under(`evidence/${incident}/`).map(({ value }) => parseEvidence(value));
    return bundles.filter((bundle) => bundle !== null).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  }

  #readAll(): ReadonlyMap<string, readonly EvidenceBundle[]> {
    const bundles = this.#records.under('evidence/').flatMap(({ value }) => parseEvidence(value) ?? []);
    return Map.groupBy(
      bundles.filter(({ parts }) => parts.some(({ tail }) => tail !== undefined)),
      ({ incident }) => incident,
    );
  }
}
