/**
 * Keeps the outage ledger: what this member sees of the service goes to its own disk first and to etcd then, and what
 * the others put into etcd goes to this disk too. An etcd that lost it is given it again by whoever has it.
 */
import type { OutageRow } from '../../core/sla/accounting/outage-row.ts';
import { type Asked, type Ledgered, type SlaReport, slaReport } from '../../core/sla/accounting/report.ts';
import type { Promises } from '../../core/sla/contract.ts';
import type { Announcement } from '../../core/sla/maintenance/announcement.ts';
import { dayOf, ServiceBook, type ServiceSheet } from '../../core/sla/service/service-book.ts';
import {
  emptyLog,
  foldService,
  leftOpen,
  type ServiceFact,
  type ServiceLog,
} from '../../core/sla/service/service-log.ts';
import type { Txn } from '../../core/transaction.ts';
import { dayMs, type MemberName, minute, type MonoMs, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { ServiceBookmark } from '../../ports/service-bookmark.ts';
import {
  formatServiceEntry,
  formatServiceSheet,
  parseServiceEntry,
  parseServiceSheet,
  serviceKey,
  type ServiceEntry,
  serviceKeyPrefix,
} from '../../wire/service-sheet.ts';
import { within } from '../../ports/within.ts';
import { EtcdMirror } from './etcd-mirror.ts';
import { LedgerQueue } from './ledger-queue.ts';

export interface ServiceKeeperDeps {
  readonly cluster: string;
  readonly member: MemberName;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly bookmark: ServiceBookmark;
  /** What people corrected in incidents: counts before what was measured. */
  readonly corrections: () => readonly OutageRow[];
}

const bookmarkEveryMs: Ms = 1 * minute;
const commitLimitMs: Ms = 2 * second;
const closeLimitMs: Ms = 500;
/** etcd holds the days that a report of last month needs; years are on the disks. */
const daysInEtcd = 40;
/** Keys that wait for etcd: the days of a large cluster. */
const sheetsMax = 1_000;

export class ServiceKeeper {
  readonly #deps: ServiceKeeperDeps;
  readonly #book = new ServiceBook();
  #log: ServiceLog = emptyLog;
  #bookmarkedMono: MonoMs | null = null;
  readonly #unwritten: LedgerQueue<ServiceEntry>;
  readonly #mirror: EtcdMirror;
  /** Value last read of each key: a snapshot of every revision must not be parsed whole again. */
  readonly #parsed = new Map<string, string>();

  constructor(deps: ServiceKeeperDeps) {
    this.#deps = deps;
    this.#mirror = new EtcdMirror(deps, (key) => this.#txnFor(key), sheetsMax);
    this.#unwritten = new LedgerQueue(deps, 'service', formatServiceEntry, ({ member, rows }: ServiceEntry) => {
      if (member === deps.member) for (const { from } of rows) this.#toEtcd(dayOf(from), member);
    });
    for (const body of deps.ledger.bodies('service')) {
      const entry = parseServiceEntry(body);
      if (entry !== null) this.#book.add(entry.member, entry.rows);
    }
    const before = deps.bookmark.read();
    if (before !== null) this.#keep(deps.member, [before]);
  }

  /** One probe commit, acknowledged or not. */
  saw(fact: ServiceFact): void {
    const { log, rows } = foldService(this.#log, fact);
    this.#log = log;
    this.#keep(this.#deps.member, rows);
    if (this.#bookmarkedMono === null || fact.atMono - this.#bookmarkedMono >= bookmarkEveryMs) this.#bookmark(fact);
  }

  #bookmark({ atMono }: ServiceFact): void {
    const [row] = leftOpen(this.#log);
    this.#bookmarkedMono = atMono;
    if (row === undefined) return;
    this.#deps.bookmark.keep(row).catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      this.#deps.journal.happened('service-bookmark-not-kept', { problem });
    });
  }

  /** Batond ends in good order: what goes on is written down as far as it went. A disk that hangs is not waited for. */
  async close(): Promise<void> {
    this.#keep(this.#deps.member, leftOpen(this.#log));
    this.#log = emptyLog;
    await within(this.#deps.clock, closeLimitMs, this.#unwritten.writeDown());
  }

  report(promises: Promises, asked: Asked, maintenance: readonly Announcement[]): SlaReport {
    return slaReport(this.ledgered(promises, maintenance), this.#deps.clock.wall(), asked);
  }

  /** What everything is accounted from. */
  ledgered(promises: Promises, maintenance: readonly Announcement[]): Ledgered {
    const rows = (from: number, to: number) => this.#rows(from, to);
    return { cluster: this.#deps.cluster, ...promises, maintenance, rows };
  }

  /** Complete rows of every member, and what goes on here. */
  #rows(from: number, to: number): readonly OutageRow[] {
    const touches = (row: OutageRow): boolean => row.from < to && row.to > from;
    const others = [...leftOpen(this.#log), ...this.#deps.corrections()];
    return [...this.#book.rows(from, to), ...others.filter(touches)];
  }

  #keep(member: string, rows: readonly OutageRow[]): void {
    const fresh = this.#book.add(member, rows);
    if (fresh.length > 0) this.#unwritten.add({ member, rows: fresh });
  }

  #toEtcd(day: string, member: string): void {
    if (!this.#isOld(day)) this.#mirror.bring(serviceKey({ day, member }));
  }

  #txnFor(key: string): Txn | null {
    const [day = '', member = ''] = key.slice(serviceKeyPrefix.length).split('/');
    const sheet = this.#book.sheet(day, member);
    if (sheet === null) return null;
    // Another member's is only put where it is missing: whose it is may have more by now.
    const compares = member === this.#deps.member ? [] : [{ key, absent: true } as const];
    return { compares, writes: [{ op: 'put', key, value: formatServiceSheet(sheet) }] };
  }

  sawSnapshot({ entries }: Snapshot): void {
    for (const [key, { value }] of entries) {
      if (!key.startsWith(serviceKeyPrefix) || this.#parsed.get(key) === value) continue;
      this.#parsed.set(key, value);
      const sheet = parseServiceSheet(value);
      if (sheet === null || serviceKey(sheet) !== key) this.#unreadable(key);
      else if (this.#isOld(sheet.day)) void this.#forget(key);
      else this.#sawSheet(sheet);
    }
    for (const { day, member } of this.#book.sheets) {
      const key = serviceKey({ day, member });
      if (!entries.has(key) && !this.#isWaiting(member)) this.#toEtcd(day, member);
    }
    for (const key of this.#parsed.keys()) if (!entries.has(key)) this.#parsed.delete(key);
  }

  /** What is on this disk is put in its place. */
  #unreadable(key: string): void {
    this.#deps.journal.happened('service-unreadable', { key });
    const [day = '', member = ''] = key.slice(serviceKeyPrefix.length).split('/');
    if (member === this.#deps.member && this.#book.sheet(day, member) !== null) this.#toEtcd(day, member);
  }

  /** Rows that are not on this disk yet go to etcd once they are. */
  #isWaiting(member: string): boolean {
    return this.#unwritten.waiting.some((each) => each.member === member);
  }

  /** Also of this member, whose disk may have been lost. */
  #sawSheet({ day, member, rows }: ServiceSheet): void {
    this.#keep(member, rows);
    const known = this.#book.sheet(day, member);
    if (member === this.#deps.member && known !== null && known.rows.length > rows.length) this.#toEtcd(day, member);
  }

  /** Every member that sees it deletes it: once or twice is the same. */
  async #forget(key: string): Promise<void> {
    await this.#deps.coordinator.commit({ compares: [], writes: [{ op: 'delete', key }] }, commitLimitMs);
  }

  #isOld(day: string): boolean {
    return Date.parse(`${day}T00:00:00Z`) < this.#deps.clock.wall() - daysInEtcd * dayMs;
  }
}
