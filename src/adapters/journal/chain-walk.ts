/** Goes along a chain, entry by entry, and tells whether it may begin where it begins. */
import type { LedgerEntry } from '../../ports/ledger.ts';
import { EMPTY_CHAIN, linkEntry, parseEntry } from './ledger-chain.ts';
import type { ChainEnd } from './ledger-chain.ts';
import { parseDropped } from './segment-dropped.ts';

export interface Step {
  /** Null when the line is none. */
  readonly entry: LedgerEntry | null;
  /** What is wrong with the line, or with its place in the chain. */
  readonly problem: string | null;
}

export class ChainWalk {
  /** What the first entry carries on from; null before it. */
  #begin: ChainEnd | null = null;
  #end: ChainEnd = EMPTY_CHAIN;
  #accounted = EMPTY_CHAIN;
  #sameNumber: ChainEnd | null = null;

  get end(): ChainEnd {
    return this.#end;
  }

  /** Number of the first entry that is still there. */
  get first(): number {
    return this.#begin?.entries ?? 0;
  }

  /** After a problem it goes on from the entry as it stands, so that what follows is judged by itself. */
  step(line: string): Step {
    const parsed = parseEntry(line);
    if (!parsed.ok) return { entry: null, problem: parsed.error };
    const entry = parsed.value;
    this.#begin ??= { entries: entry.seq, lastHash: entry.prev };
    const before = this.#end === EMPTY_CHAIN ? this.#begin : this.#end;
    const linked = linkEntry(before, entry);
    this.#end = { entries: entry.seq + 1, lastHash: entry.hash };
    this.#account(entry, this.#begin);
    return { entry, problem: linked.ok ? null : linked.error };
  }

  /** Why it may not begin where it does, once all of it was walked; with the number of the entry that is missed. */
  beginning(): { readonly seq: number; readonly problem: string } | null {
    const begin = this.#begin ?? EMPTY_CHAIN;
    const at = this.#sameNumber ?? this.#accounted;
    if (at.entries === begin.entries && at.lastHash === begin.lastHash) return null;
    const problem =
      at.entries === begin.entries
        ? `entry ${begin.entries}, with which the chain begins, does not carry the hash of what is said to have been before it`
        : `the chain begins with entry ${begin.entries}, and no entry accounts for those from ${at.entries} on before it`;
    return { seq: at.entries, problem };
  }

  #account(entry: LedgerEntry, begin: ChainEnd): void {
    const dropped = parseDropped(entry);
    if (dropped === null || dropped.last === null || dropped.lastHash === null) return;
    const to: ChainEnd = { entries: dropped.last + 1, lastHash: dropped.lastHash };
    if (to.entries === begin.entries && this.#sameNumber?.lastHash !== begin.lastHash) this.#sameNumber = to;
    if (to.entries < begin.entries && to.entries > this.#accounted.entries) this.#accounted = to;
  }
}
