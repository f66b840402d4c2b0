/** Follows what this member doubts, from decision to decision: which views the journal is to have, and what was a near miss. */
import { type Doubt, nothingWatched, watchDoubt, type WatchState } from '../core/doubt/doubt-watch.ts';
import { noSamples, sampled, type Sampling } from '../core/doubt/sampling.ts';
import type { Decision } from '../core/decision.ts';
import { type NearMiss, nearMissOf } from '../core/sla/near-miss/near-miss.ts';
import type { MonoMs } from '../core/units.ts';
import type { View } from '../core/view.ts';

/** Where near misses are kept. */
export interface DoubtRecord {
  /** An outage is being recorded: what is doubted meanwhile belongs to it. */
  hasOutage(view: View): boolean;
  cameNear(miss: NearMiss): void;
}

export class Doubts {
  readonly #who: { readonly cluster: string; readonly name: string };
  readonly #record: DoubtRecord;
  #watch: WatchState = nothingWatched;
  #sampling: Sampling = noSamples;
  /** An outage was recorded at some time since the doubt began. */
  #outage = false;

  constructor(who: { readonly cluster: string; readonly name: string }, record: DoubtRecord) {
    this.#who = who;
    this.#record = record;
  }

  /** What the loop has just decided. The answer: whether the view is worth a line in the journal for a doubt's sake. */
  sees(view: View, decision: Decision): boolean {
    const { state, began, settled, ended } = watchDoubt(this.#watch, view, decision);
    this.#watch = state;
    const doubt = ended?.doubt ?? state.doubt;
    if (doubt === null && !settled) return false;
    this.#outage = (!began && this.#outage) || this.#record.hasOutage(view);
    if (ended?.how === 'healed' && !this.#outage) this.#healed(ended.doubt, ended.atMono, view);
    const lastedMs = doubt === null ? 0 : view.nowMono - doubt.sinceMono;
    const { sampling, take } = sampled(this.#sampling, view.nowMono, lastedMs, began || settled || ended !== null);
    this.#sampling = sampling;
    return take;
  }

  #healed(doubt: Doubt, healedMono: MonoMs, { nowWall, nowMono }: View): void {
    const { cluster, name } = this.#who;
    this.#record.cameNear(nearMissOf(doubt, healedMono, { cluster, seenBy: name, wallAheadMs: nowWall - nowMono }));
  }
}
