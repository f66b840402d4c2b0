/**
 * Keeps the records that people and schedules make, each written once and never edited: on this disk first, in etcd
 * then, from there on every other member's disk, and back again into an etcd that lost them.
 */
import { canonicalJson } from '../../core/canonical-json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Txn } from '../../core/transaction.ts';
import { dayMs, KiB, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import {
  formatRecordBody,
  type KeptRecord,
  parseRecordBody,
  parseRecordValue,
  type RecordValue,
} from '../../wire/kept-record.ts';
import { within } from '../../ports/within.ts';
import { EtcdMirror } from './etcd-mirror.ts';
import { LedgerQueue } from './ledger-queue.ts';

export interface RecordsKept {
  /** Of the ledger's entries. */
  readonly kind: string;
  /** Each ends with a slash, like `cases/`; keys elsewhere are not looked at. */
  readonly prefixes: readonly string[];
  /** How long etcd has them; the disks have all. */
  readonly daysInEtcd: number;
  /** In memory and in etcd; the oldest make room. */
  readonly recordsMax: number;
}

export interface RecordsDeps {
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
}

/** A record is put back into etcd up to a day before it leaves there: the members' clocks may differ. */
const clocksDifferDays = 1;
const valueBytesMax = 64 * KiB;
const keptLimitMs: Ms = 2 * second;

export class Records {
  readonly #deps: RecordsDeps;
  readonly #which: RecordsKept;
  readonly #known = new Map<string, RecordValue>();
  #changes = 0;
  readonly #onDisk = new Set<string>();
  /** Text of each key in etcd: a snapshot of every revision must not be parsed whole again. */
  #inEtcd: ReadonlyMap<string, string> = new Map();
  /** `at` of the newest record that had to make room; those up to it are in the ledger alone. */
  #madeRoomAt = '';
  /** Told of once each: a key that is no record, or says something else than the record that is known. */
  readonly #strange = new Set<string>();
  readonly #unreadable = new Map<string, string>();
  readonly #unwritten: LedgerQueue<KeptRecord>;
  readonly #mirror: EtcdMirror;

  constructor(deps: RecordsDeps, which: RecordsKept) {
    this.#deps = deps;
    this.#which = which;
    this.#mirror = new EtcdMirror(deps, (key) => this.#txnFor(key), which.recordsMax);
    this.#unwritten = new LedgerQueue(deps, which.kind, formatRecordBody, ({ key }) => {
      this.#onDisk.add(key);
      this.#mirror.bring(key);
    });
    for (const body of deps.ledger.bodies(which.kind)) {
      const record = parseRecordBody(body);
      if (record === null || !this.#isOurs(record.key)) continue;
      this.#known.set(record.key, record.value);
      this.#onDisk.add(record.key);
      this.#makeRoom();
    }
  }

  /** Another number whenever something is known that was not, or is not that was. */
  get changes(): number {
    return this.#changes;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  get(key: string): RecordValue | null {
    return this.#known.get(key) ?? null;
  }

  /** Those under one prefix, by key. */
  under(prefix: string): readonly KeptRecord[] {
    const found = [...this.#known].filter(([key]) => key.startsWith(prefix));
    return found.map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Keys in etcd under which there is no record now. */
  unreadable(): readonly string[] {
    return [...this.#unreadable].flatMap(([key, text]) => (this.#inEtcd.get(key) === text ? [key] : []));
  }

  /**
   * Resolves when the record is on this disk or in etcd, so that it survives this process. The error says why it may be
   * lost; it is kept in memory all the same and goes on being tried, under its key, which makes a repetition harmless.
   */
  async add({ key, value }: KeptRecord): Promise<Result<void, string>> {
    if (!this.#isOurs(key)) throw new Error(`no record is kept under ${key}`);
    const before = this.#known.get(key);
    if (before !== undefined && canonicalJson(before) !== canonicalJson(value))
      return err(`there is another record under ${key} already`);
    if (Buffer.byteLength(JSON.stringify(value)) > valueBytesMax)
      return err(`it is longer than ${valueBytesMax / KiB} KiB: shorten it`);
    if (before === undefined) {
      this.#keep({ key, value });
    }
    await within(this.#deps.clock, keptLimitMs, this.#unwritten.writeDown());
    if (this.#onDisk.has(key) || this.#inEtcd.has(key)) return ok(undefined);
    const txn = this.#txnFor(key);
    const outcome = txn === null ? null : await this.#deps.coordinator.commit(txn, keptLimitMs);
    if (outcome?.kind === 'applied' || outcome?.kind === 'refused') return ok(undefined);
    return err('neither the ledger on this host nor etcd takes it for now (df on the state directory, baton status)');
  }

  sawSnapshot({ entries }: Snapshot): void {
    const before = this.#inEtcd;
    const now = new Map<string, string>();
    for (const [key, { value }] of entries) if (this.#isOurs(key)) now.set(key, value);
    this.#inEtcd = now;
    for (const [key, text] of now) if (before.get(key) !== text) this.#saw(key, text);
    for (const key of this.#onDisk) if (!now.has(key) && this.#txnFor(key) !== null) this.#mirror.bring(key);
  }

  #saw(key: string, text: string): void {
    const value = Buffer.byteLength(text) > valueBytesMax ? null : parseRecordValue(text);
    const known = this.#known.get(key);
    if (value === null) {
      this.#sayStrange(key, 'record-unreadable');
      if (this.#unreadable.size < this.#which.recordsMax) this.#unreadable.set(key, text);
    } else if (this.#isPast(value.at, this.#which.daysInEtcd)) void this.#forget(key);
    else if (known === undefined) this.#keep({ key, value });
    else if (canonicalJson(known) !== canonicalJson(value)) this.#sayStrange(key, 'record-differs');
  }

  #keep(record: KeptRecord): void {
    this.#known.set(record.key, record.value);
    this.#changes += 1;
    this.#makeRoom();
    this.#unwritten.add(record);
  }

  #sayStrange(key: string, event: string): void {
    if (this.#strange.has(key) || this.#strange.size >= this.#which.recordsMax) return;
    this.#strange.add(key);
    this.#deps.journal.happened(event, { key });
  }

  /** Whoever writes it first has written it. */
  #txnFor(key: string): Txn | null {
    const value = this.#known.get(key);
    if (
      value === undefined ||
      this.#inEtcd.has(key) ||
      this.#isPast(value.at, this.#which.daysInEtcd - clocksDifferDays)
    )
      return null;
    return { compares: [{ key, absent: true }], writes: [{ op: 'put', key, value: JSON.stringify(value) }] };
  }

  /** Every member that sees it deletes it: once or twice is the same. */
  async #forget(key: string): Promise<void> {
    await this.#deps.coordinator.commit({ compares: [], writes: [{ op: 'delete', key }] }, keptLimitMs);
  }

  #makeRoom(): void {
    if (this.#known.size <= this.#which.recordsMax) return;
    let oldest: KeptRecord | null = null;
    for (const [key, value] of this.#known) if (oldest === null || value.at < oldest.value.at) oldest = { key, value };
    if (oldest === null) return;
    this.#known.delete(oldest.key);
    this.#onDisk.delete(oldest.key);
    this.#madeRoomAt = oldest.value.at;
  }

  #isPast(at: string, days: number): boolean {
    return at <= this.#madeRoomAt || this.#deps.clock.wall() - Date.parse(at) > days * dayMs;
  }

  #isOurs(key: string): boolean {
    return this.#which.prefixes.some((prefix) => key.startsWith(prefix) && key.length > prefix.length);
  }
}
