/**
 * Incidents as etcd and this disk have them, whoever recorded them: each version that etcd shows is copied to the disk,
 * and etcd gets back what it lost.
 */
import { canonicalJson } from '../../core/canonical-json.ts';
import { beginning } from '../../core/sla/beginning.ts';
import { editionOf, type Incident } from '../../core/sla/incident.ts';
import type { Txn } from '../../core/transaction.ts';
import { dayMs, KiB, type Revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { incidentSchema } from '../../wire/incident.ts';
import { readJson } from '../../wire/json-text.ts';
import { LedgerQueue } from './ledger-queue.ts';

export interface IncidentCopiesDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly ledger: Ledger;
}

const keyPrefix = 'incidents/';
/** As long as what people add to an incident. The disks have all. */
const putBackForDays = 400;
/** So many the ledger tells from memory; what is older than all of them may be on the disk already. */
const rememberedMax = 1_000;
const valueBytesMax = 64 * KiB;

interface InEtcd {
  /** Of a snapshot of every revision nothing is parsed twice. */
  readonly text: string;
  readonly modRevision: Revision;
  /** Null when it cannot be read: it is left alone. */
  readonly incident: Incident | null;
}

export class IncidentCopies {
  readonly #deps: IncidentCopiesDeps;
  #inEtcd: ReadonlyMap<string, InEtcd> = new Map();
  /** Of each incident that was seen in etcd or on this disk. */
  readonly #newest = new Map<string, Incident>();
  readonly #unwritten: LedgerQueue<Incident>;

  constructor(deps: IncidentCopiesDeps) {
    this.#deps = deps;
    this.#unwritten = new LedgerQueue(
      deps,
      'incident',
      (incident) => incident,
      () => undefined,
    );
    for (const incident of deps.ledger.incidents()) this.#newest.set(incident.id, incident);
  }

  get(id: string): Incident | undefined {
    return this.#newest.get(id);
  }

  /** As etcd was last seen to have it. */
  inEtcd(id: string): Incident | undefined {
    return this.#inEtcd.get(id)?.incident ?? undefined;
  }

  /** In no order. */
  all(): readonly Incident[] {
    return [...this.#newest.values()];
  }

  onDisk(): readonly Incident[] {
    return this.#deps.ledger.incidents();
  }

  /** What etcd has that it did not have before, or that it has in another version. */
  sawSnapshot({ entries }: Snapshot): readonly Incident[] {
    const before = this.#inEtcd;
    const now = new Map<string, InEtcd>();
    const fresh: Incident[] = [];
    for (const [key, { value, modRevision }] of entries) {
      if (!key.startsWith(keyPrefix)) continue;
      const id = key.slice(keyPrefix.length);
      const known = before.get(id);
      const incident = known?.text === value ? known.incident : this.#read(key, id, value);
      now.set(id, { text: value, modRevision, incident });
      if (incident !== null && known?.text !== value) fresh.push(incident);
    }
    this.#inEtcd = now;
    for (const incident of fresh) if (!this.#isOlder(incident)) this.#newest.set(incident.id, incident);
    return fresh;
  }

  /** Every version that is not on this disk, in the order in which they were seen. */
  copy(incident: Incident): void {
    const onDisk = this.onDisk();
    if (this.#isOlder(incident) || (onDisk.length >= rememberedMax && onDisk.every(({ id }) => id > incident.id)))
      return;
    const isIt = ({ id }: Incident): boolean => id === incident.id;
    const known = this.#unwritten.waiting.findLast(isIt) ?? onDisk.find(isIt);
    if (known === undefined || canonicalJson(known) !== canonicalJson(incident)) this.#unwritten.add(incident);
  }

  /** Puts it where etcd has nothing, or an older version; null when there is nothing to do. Safe to apply twice, by anybody. */
  refill(incident: Incident | undefined): Txn | null {
    if (incident === undefined) return null;
    const there = this.#inEtcd.get(incident.id);
    // Asked of every incident after every change in etcd, where nearly all of them are.
    if (there !== undefined && (there.incident === null || editionOf(there.incident) >= editionOf(incident)))
      return null;
    if (this.#isPast(incident)) return null;
    const key = `${keyPrefix}${incident.id}`;
    return {
      compares: [there === undefined ? { key, absent: true } : { key, modRevision: there.modRevision }],
      writes: [{ op: 'put', key, value: JSON.stringify(incident) }],
    };
  }

  #isOlder(incident: Incident): boolean {
    const known = this.#newest.get(incident.id);
    return known !== undefined && editionOf(known) > editionOf(incident);
  }

  #isPast(incident: Incident): boolean {
    const began = beginning(incident);
    return began === null || this.#deps.clock.wall() - began > putBackForDays * dayMs;
  }

  /** Null for half an incident too: every answer that lists incidents would fail on it. */
  #read(key: string, id: string, text: string): Incident | null {
    const read = Buffer.byteLength(text) > valueBytesMax ? null : readJson(incidentSchema, text);
    if (read?.ok === true && read.value.id === id) return read.value;
    this.#deps.journal.happened('incident-unreadable', { key });
    return null;
  }
}
