/**
 * Whether anybody new is served: fresh connections to the server of this host. One that has not been answered after
 * `deadlineMs` is overdue and goes on beside the next ones: where processors are short, every connection may take
 * longer than that, and whoever gives each of them up would never learn that all of them are served.
 */
import { elapsed, type MonoMs, type Ms } from '../core/units.ts';
import type { ProbeOutcome } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProbeAnswer } from '../ports/postgres.ts';
import { within } from '../ports/within.ts';

/** So many are under way at once, at most: each takes a place at the server. */
const besideOneAnother = 8;
/** A limit is kept to some milliseconds by a process that gets the processor. */
const lateMs: Ms = 500;

export interface LocalProbesDeps {
  readonly clock: Clock;
  /** One fresh connection and a query on it. */
  probe(limitMs: Ms): Promise<ProbeAnswer>;
  /** The run of the server that is there now; what was asked of another says nothing about this one. */
  run(): string | null;
  /** Nobody new has been served since `sinceMono`; or, where the outcome is `ok`, somebody was, then. */
  saw(outcome: ProbeOutcome, sinceMono: MonoMs): void;
}

export class LocalProbes {
  readonly #deps: LocalProbesDeps;
  #underWay = 0;
  /** When somebody new was seen to be served for the last time: nobody has been failed since before then. */
  #servedMono: MonoMs | null = null;

  constructor(deps: LocalProbesDeps) {
    this.#deps = deps;
  }

  /** Begins one; ends when it was answered or is overdue. It goes on for `patienceMs` in all. */
  async attempt(deadlineMs: Ms, patienceMs: Ms): Promise<void> {
    const { clock } = this.#deps;
    const run = this.#deps.run();
    if (run === null || this.#underWay >= besideOneAnother) return;
    const sentMono = clock.mono();
    const attempt = this.#begun(run, sentMono, Math.max(deadlineMs, patienceMs));
    if (await within(clock, deadlineMs, attempt)) await attempt;
    else this.#tell('timed-out', run, sentMono, deadlineMs);
  }

  async #begun(run: string, sentMono: MonoMs, limitMs: Ms): Promise<void> {
    this.#underWay += 1;
    try {
      const { outcome } = await this.#deps.probe(limitMs);
      this.#tell(outcome, run, sentMono, limitMs);
    } finally {
      this.#underWay -= 1;
    }
  }

  #tell(outcome: ProbeOutcome, run: string, sentMono: MonoMs, limitMs: Ms): void {
    const nowMono = this.#deps.clock.mono();
    if (this.#deps.run() !== run || !saysSomething(outcome, elapsed(sentMono, nowMono), limitMs)) return;
    if (outcome === 'ok') this.#servedMono = nowMono;
    this.#deps.saw(outcome, this.#servedMono !== null && this.#servedMono > sentMono ? this.#servedMono : sentMono);
  }
}

/**
 * A failure that took much longer than it may was measured while this process was stopped: that says nothing about the
 * other side, and an age from before the stop would make it look long.
 */
export const saysSomething = (outcome: ProbeOutcome, tookMs: Ms, limitMs: Ms): boolean =>
  outcome === 'ok' || tookMs < limitMs + lateMs;
