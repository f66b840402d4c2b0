/** What this daemon remembers of the member from which it took the leadership, and of fencing that one remotely. */
import type { Predecessor, RemoteFenceOutcome, RemoteFenceView } from '../core/remote-fence.ts';
import { elapsed } from '../core/units.ts';
import type { MemoryView } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { TxnOutcome } from '../ports/coordinator.ts';

export class FormerLeader {
  readonly #clock: Clock;
  #predecessor: MemoryView['predecessor'] = null;
  #fence: RemoteFenceView = { kind: 'none' };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  view(): Pick<MemoryView, 'predecessor' | 'remoteFence'> {
    return { predecessor: this.#predecessor, remoteFence: this.#fence };
  }

  /**
   * The leadership is about to be taken from this member; null when there is none to take it from. That the key is ours
   * may be seen before the transaction's own answer. The result tells what came of it.
   */
  takes(from: Predecessor | null): (outcome: TxnOutcome) => void {
    const before = this.view();
    const predecessor = from === null ? null : { ...from, term: null };
    this.#predecessor = predecessor;
    this.#fence = { kind: 'none' };
    return (outcome) => {
      if (this.#predecessor !== predecessor) return;
      if (outcome.kind === 'refused' || outcome.kind === 'failed') {
        this.#predecessor = before.predecessor;
        this.#fence = before.remoteFence;
      } else if (outcome.kind === 'applied' && predecessor !== null) {
        this.#predecessor = { ...predecessor, term: outcome.revision };
      }
    };
  }

  /** One attempt begins; the result tells how it ended. */
  fenceBegins(): (outcome: RemoteFenceOutcome) => void {
    const sinceMono = this.#clock.mono();
    const attempts = this.#fence.kind === 'none' ? 1 : this.#fence.attempts + 1;
    const begun: RemoteFenceView = { kind: 'under-way', sinceMono, attempts };
    this.#fence = begun;
    return (outcome) => {
      if (this.#fence !== begun) return;
      const atMono = this.#clock.mono();
      this.#fence = { kind: 'ended', atMono, attempts, tookMs: elapsed(sinceMono, atMono), outcome };
    };
  }
}
