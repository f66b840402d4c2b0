/**
 * What a daemon sends to etcd, as it leaves: whatever becomes of it. A transaction that is decided on one state and lands
 * on another does harm only when it meets the wrong moment; that it could is a mistake already.
 */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { Violation } from './invariants.ts';

type Problem = Pick<Violation, 'invariant' | 'detail'>;

/** What etcd knows of the lease that the leader key is on, when a transaction is sent. */
export interface LeaderNow {
  readonly holder: Member | null;
  readonly mode: SyncMode | null;
  /** For how long no renewal of it was missing: etcd never showed less than a living leader can show. */
  readonly regularMs: Ms;
  /** Whether anybody may see connections to it refused. */
  readonly refuses: boolean;
}

/** What was seen before stays evidence for a moment. */
const evidenceMs: Ms = 5_000;

export class Transactions {
  /** When each member's PostgreSQL or daemon was last seen not to be there: connections are refused then. */
  readonly #absentAtMs = new Map<string, number>();

  /** To be asked after every event. */
  look({ name, host, running, batond }: Member, nowMs: number): void {
    const there = host.powered && running?.phase === 'primary' && batond?.process.alive === true;
    if (!there) this.#absentAtMs.set(name, nowMs);
  }

  /** What is wrong with it; null when nothing is. */
  sent(sender: Member, txn: Txn, leader: LeaderNow, nowMs: number): Problem | null {
    return this.#blind(sender, txn) ?? this.#early(sender, txn, leader, nowMs);
  }

  /** I1: every transaction that writes `leader` or `sync` compares both. */
  #blind({ name }: Member, { compares, writes }: Txn): Problem | null {
    const written = writes.find(({ key }) => key === 'leader' || key === 'sync');
    if (written === undefined) return null;
    const missing = ['leader', 'sync'].find((key) => !compares.some((compare) => compare.key === key));
    if (missing === undefined) return null;
    return { invariant: 'I1 one leader', detail: `${name} writes ${written.key} and does not compare ${missing}` };
  }

  /** I7, E3: the key of a leader that renews its lease is not taken from it, unless nobody listens where it was. */
  #early(
    sender: Member,
    { writes }: Txn,
    { holder, mode, regularMs, refuses }: LeaderNow,
    nowMs: number,
  ): Problem | null {
    const takes = writes.some((write) => write.op === 'put' && write.key === 'leader' && write.value === sender.name);
    if (!takes || holder === null || holder === sender || holder.name === sender.name) return null;
    const detail = `${sender.name} takes the key of ${holder.name}`;
    if (mode === 'off') return { invariant: 'I7 never early in off', detail };
    const absent = nowMs - (this.#absentAtMs.get(holder.name) ?? Number.NEGATIVE_INFINITY) < evidenceMs;
    if (absent || refuses || regularMs < evidenceMs) return null;
    return { invariant: 'I7 on evidence', detail: `${detail}, which renews its lease` };
  }
}
