/**
 * The outbox in etcd, as this member knows it: what it has not heard of yet, it has written itself. What had to be told
 * while etcd was away lies on this disk, until etcd has it.
 */
import { giveUpAfterMs, type OutboxEntry, outboxKey, outboxPrefix } from '../../core/sla/notices/outbox.ts';
import { type Ms, type Revision, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Txn } from '../../core/transaction.ts';
import { formatEntry, formatKeptEntry, parseEntry, parseKeptEntry } from '../../wire/outbox.ts';
import { EtcdMirror } from './etcd-mirror.ts';
import { LedgerQueue } from './ledger-queue.ts';

export interface OutboxDeps {
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
}

interface Known {
  /** Null when it cannot be read: it is left alone, and its key is taken. */
  readonly entry: OutboxEntry | null;
  readonly modRevision: Revision;
}

/** Of those that etcd has not got. */
const heldMax = 1_000;
const commitLimitMs: Ms = 2 * second;
const retryAfterMs: Ms = 1 * second;

export class Outbox {
  readonly #clock: Clock;
  readonly #coordinator: Coordinator;
  readonly #journal: Journal;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Known>();
  /** What happened to them is not in etcd yet: nobody here tries them again meanwhile. */
  readonly #unsaved = new Set<string>();
  /** On this disk, and not in etcd as far as is known. */
  readonly #held = new Map<string, OutboxEntry>();
  readonly #onDisk: LedgerQueue<OutboxEntry>;
  readonly #mirror: EtcdMirror;

  constructor(deps: OutboxDeps, signal: AbortSignal) {
    const { clock, coordinator, journal, ledger } = deps;
    this.#clock = clock;
    this.#coordinator = coordinator;
    this.#journal = journal;
    this.#signal = signal;
    this.#onDisk = new LedgerQueue(deps, 'notice', formatKeptEntry, () => undefined);
    this.#mirror = new EtcdMirror(deps, (key) => this.#txnFor(key), heldMax);
    for (const body of ledger.bodies('notice')) {
      const entry = parseKeptEntry(body);
      if (entry !== null && clock.wall() - Date.parse(entry.head.at) < giveUpAfterMs)
        this.#held.set(outboxKey(entry.head), entry);
    }
  }

  get size(): number {
    return this.#known.size + this.#held.size;
  }

  *entries(): Iterable<OutboxEntry> {
    for (const { entry } of this.#known.values()) if (entry !== null) yield entry;
    yield* this.#held.values();
  }

  /** Without etcd. False when there is no room: then nobody is told of it here. */
  hold(entry: OutboxEntry): boolean {
    const key = outboxKey(entry.head);
    if (this.#known.has(key) || this.#held.has(key)) return true;
    if (this.#held.size >= heldMax) return false;
    this.#keep(entry);
    return true;
  }

  #keep(entry: OutboxEntry): void {
    this.#held.set(outboxKey(entry.head), entry);
    this.#onDisk.add(entry);
  }

  /** As it stands when its turn comes. If somebody else has made one under that key, that one stays. */
  #txnFor(key: string): Txn | null {
    const entry = this.#held.get(key);
    if (entry === undefined) return null;
    return { compares: [{ key, absent: true }], writes: [{ op: 'put', key, value: formatEntry(entry) }] };
  }

  isUnsaved(entry: OutboxEntry): boolean {
    return this.#unsaved.has(outboxKey(entry.head));
  }

  sawSnapshot({ entries, revision }: Snapshot): void {
    for (const [key, { value, modRevision }] of entries) {
      if (!key.startsWith(outboxPrefix) || (this.#known.get(key)?.modRevision ?? -1) >= modRevision) continue;
      const entry = parseEntry(value);
      if (entry === null || outboxKey(entry.head) !== key) this.#journal.happened('outbox-unreadable', { key });
      this.#known.set(key, { entry: entry !== null && outboxKey(entry.head) === key ? entry : null, modRevision });
    }
    for (const [key, known] of this.#known)
      if (!entries.has(key) && known.modRevision <= revision) this.#known.delete(key);
    for (const key of this.#held.keys()) {
      if (entries.has(key)) this.#held.delete(key);
      else this.#mirror.bring(key);
    }
  }

  /** False when etcd could not be asked. What exists already stays as it is: that is how nothing is told twice. */
  async create(entry: OutboxEntry): Promise<boolean> {
    const key = outboxKey(entry.head);
    const outcome = await this.#coordinator.commit(
      { compares: [{ key, absent: true }], writes: [{ op: 'put', key, value: formatEntry(entry) }] },
      commitLimitMs,
    );
    if (outcome.kind === 'applied') this.#known.set(key, { entry, modRevision: outcome.revision });
    return outcome.kind === 'applied' || outcome.kind === 'refused';
  }

  /** Again until etcd has it, somebody else has written something else meanwhile, or the signal aborts. */
  async save(entry: OutboxEntry): Promise<void> {
    const key = outboxKey(entry.head);
    const known = this.#known.get(key);
    if (known === undefined) {
      if (this.#held.has(key)) this.#keep(entry);
      return;
    }
    this.#unsaved.add(key);
    const { modRevision } = known;
    const txn = { compares: [{ key, modRevision }], writes: [{ op: 'put', key, value: formatEntry(entry) } as const] };
    while (!this.#signal.aborted) {
      const outcome = await this.#coordinator.commit(txn, commitLimitMs);
      if (outcome.kind === 'applied') this.#known.set(key, { entry, modRevision: outcome.revision });
      if (outcome.kind === 'applied' || outcome.kind === 'refused') break;
      await this.#clock.sleep(retryAfterMs, this.#signal).catch(() => undefined);
    }
    this.#unsaved.delete(key);
  }

  /** What somebody has changed meanwhile stays. */
  async remove(entry: OutboxEntry): Promise<void> {
    const key = outboxKey(entry.head);
    const known = this.#known.get(key);
    if (known === undefined) return;
    const { modRevision } = known;
    await this.#coordinator.commit(
      { compares: [{ key, modRevision }], writes: [{ op: 'delete', key }] },
      commitLimitMs,
    );
  }
}
