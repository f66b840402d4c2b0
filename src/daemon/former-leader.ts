/** How far this daemon has come with fencing the former leader remotely; from whom it took the leadership is in etcd. */
import type { RemoteFenceOutcome, RemoteFenceView } from '../core/remote-fence.ts';
import { elapsed, type Revision } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

export class FormerLeader {
  readonly #clock: Clock;
  #fence: RemoteFenceView = { kind: 'none' };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get fence(): RemoteFenceView {
    return this.#fence;
  }

  /** One attempt begins; the result tells how it ended. */
  fenceBegins(term: Revision): (outcome: RemoteFenceOutcome) => void {
    const sinceMono = this.#clock.mono();
    const before = this.#fence;
    const attempts = before.kind === 'none' || before.term !== term ? 1 : before.attempts + 1;
    const begun: RemoteFenceView = { kind: 'under-way', term, sinceMono, attempts };
    this.#fence = begun;
    return (outcome) => {
      if (this.#fence !== begun) return;
      const atMono = this.#clock.mono();
      this.#fence = { kind: 'ended', term, atMono, attempts, tookMs: elapsed(sinceMono, atMono), outcome };
    };
  }
}
