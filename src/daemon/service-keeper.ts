/**
 * Keeps the outage ledger: what this member sees of the service goes to its own disk first and to etcd then, and what
 * the others put into etcd goes to this disk too. An etcd that lost it is given it again by whoever has it.
 */
import type { OutageRow } from '../core/sla/accounting/outage-row.ts';
import { type SlaReport, slaReport } from '../core/sla/accounting/report.ts';
import type { MonthText } from '../core/sla/accounting/zone.ts';
import type { Promises } from '../core/sla/contract.ts';
import { dayOf, ServiceBook, type ServiceSheet } from '../core/sla/service/service-book.ts';
import { emptyLog, foldService, leftOpen, type ServiceFact, type ServiceLog } from '../core/sla/service/service-log.ts';
import { type MemberName, minute, type MonoMs, type Ms, second } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator, Snapshot } from '../ports/coordinator.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ServiceBookmark } from '../ports/service-bookmark.ts';
import {
  formatServiceEntry,
  formatServiceSheet,
  parseServiceEntry,
  parseServiceSheet,
  serviceKey,
  serviceKeyPrefix,
} from '../wire/service-sheet.ts';
import { within } from './within.ts';

export interface ServiceKeeperDeps {
  readonly cluster: string;
  readonly member: MemberName;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly bookmark: ServiceBookmark;
}

const bookmarkEveryMs: Ms = 1 * minute;
const commitLimitMs: Ms = 2 * second;
const closeLimitMs: Ms = 500;
const retryAfterMs: Ms = 1 * second;
const dayMs: Ms = 24 * 60 * minute;
/** etcd holds the days that a report of last month needs; years are on the disks. */
const daysInEtcd = 40;
/** Rows that wait for the disk. */
const unwrittenMax = 1_000;

interface Unwritten {
  readonly member: string;
  readonly rows: readonly OutageRow[];
}

export class ServiceKeeper {
  readonly #deps: ServiceKeeperDeps;
  readonly #book = new ServiceBook();
  #log: ServiceLog = emptyLog;
  #bookmarkedMono: MonoMs | null = null;
  readonly #unwritten: Unwritten[] = [];
  #writing: Promise<void> | null = null;
  /** Keys whose sheets etcd does not have as they are here. */
  readonly #unmirrored = new Set<string>();
  #mirroring = false;
  /** Value last read of each key: a snapshot of every revision must not be parsed whole again. */
  readonly #parsed = new Map<string, string>();

  constructor(deps: ServiceKeeperDeps) {
    this.#deps = deps;
    for (const body of deps.ledger.service()) {
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
    await within(this.#deps.clock, closeLimitMs, this.#writeDown());
  }

  /** `month` null: the current one. */
  report(promises: Promises, month: MonthText | null): SlaReport {
    const { cluster, clock } = this.#deps;
    const rows = (from: number, to: number) => this.#rows(from, to);
    return slaReport({ cluster, ...promises, maintenance: [], rows }, clock.wall(), month);
  }

  /** Complete rows of every member, and what goes on here. */
  #rows(from: number, to: number): readonly OutageRow[] {
    const open = leftOpen(this.#log).filter((row) => row.from < to && row.to > from);
    return [...this.#book.rows(from, to), ...open];
  }

  #keep(member: string, rows: readonly OutageRow[]): void {
    const fresh = this.#book.add(member, rows);
    if (fresh.length === 0) return;
    this.#unwritten.push({ member, rows: fresh });
    if (this.#unwritten.length > unwrittenMax) this.#unwritten.shift();
    void this.#writeDown();
  }

  /** One after the other. A full disk is no reason to fail: what was refused is tried again. */
  #writeDown(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#unwritten[0]; next !== undefined; next = this.#unwritten[0]) {
      const written = await this.#deps.ledger.append('service', formatServiceEntry(next));
      if (!written.ok) {
        this.#deps.journal.happened('ledger-not-written', { what: 'service', problem: written.error });
        this.#deps.clock.timer(retryAfterMs, () => void this.#writeDown());
        return;
      }
      if (this.#unwritten[0] === next) this.#unwritten.shift();
      if (next.member === this.#deps.member) for (const { from } of next.rows) this.#toEtcd(dayOf(from), next.member);
    }
  }

  #toEtcd(day: string, member: string): void {
    if (this.#isOld(day)) return;
    this.#unmirrored.add(serviceKey({ day, member }));
    void this.#mirror();
  }

  async #mirror(): Promise<void> {
    if (this.#mirroring) return;
    this.#mirroring = true;
    // Asked anew each time: more rows may have come while the sheet was being written.
    for (let key = this.#nextUnmirrored(); key !== null; key = this.#nextUnmirrored()) {
      this.#unmirrored.delete(key);
      const [day = '', member = ''] = key.slice(serviceKeyPrefix.length).split('/');
      const sheet = this.#book.sheet(day, member);
      if (sheet === null) continue;
      // Another member's is only put where it is missing: whose it is may have more by now.
      const compares = member === this.#deps.member ? [] : [{ key, absent: true } as const];
      const outcome = await this.#deps.coordinator.commit(
        { compares, writes: [{ op: 'put', key, value: formatServiceSheet(sheet) }] },
        commitLimitMs,
      );
      if (outcome.kind === 'applied' || outcome.kind === 'refused') continue;
      this.#unmirrored.add(key);
      this.#deps.clock.timer(retryAfterMs, () => void this.#mirror());
      break;
    }
    this.#mirroring = false;
  }

  #nextUnmirrored(): string | null {
    return this.#unmirrored.values().next().value ?? null;
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
    return this.#unwritten.some((each) => each.member === member);
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
