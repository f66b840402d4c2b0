/** Times in which a node was certainly writable, and what two nodes have in common. Pure; instants by `monoNow`. */
export interface Interval {
  readonly fromMono: number;
  readonly toMono: number;
}

/** One answer of a node: asked, answered, and whether it would have taken a write at some instant between. */
export interface Answer {
  readonly sentMono: number;
  readonly receivedMono: number;
  readonly writable: boolean;
}

/**
 * Collects answers in the order in which they came. What is certain lies between the first answer of a row and the last
 * question of it: an overlap of two nodes is never claimed where the one may have stopped before the other began.
 */
export class WritableTimes {
  readonly #ended: Interval[] = [];
  #open: { readonly fromMono: number; toMono: number } | null = null;

  /** Null: it did not answer. */
  add(answer: Answer | null): void {
    if (answer?.writable === true) {
      this.#open ??= { fromMono: answer.receivedMono, toMono: answer.receivedMono };
      this.#open.toMono = Math.max(this.#open.toMono, answer.sentMono);
    } else if (this.#open !== null) {
      this.#ended.push(this.#open);
      this.#open = null;
    }
  }

  get intervals(): readonly Interval[] {
    return this.#open === null ? this.#ended : [...this.#ended, this.#open];
  }
}

/** Milliseconds that lie in an interval of both. Each list is free of overlaps of its own. */
export function commonMs(one: readonly Interval[], other: readonly Interval[]): number {
  return one.reduce(
    (sum, mine) =>
      sum +
      other.reduce(
        (inner, theirs) =>
          inner + Math.max(0, Math.min(mine.toMono, theirs.toMono) - Math.max(mine.fromMono, theirs.fromMono)),
        0,
      ),
    0,
  );
}
