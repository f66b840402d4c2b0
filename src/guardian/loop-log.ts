/** Keeps the guardian's log short: what repeats itself four times a second is one line. */
import type { GuardianDecision, GuardianRule } from '../core/guardian-policy.ts';

export class LoopLog {
  readonly #log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly #problems = new Map<string, string>();
  #lastRule: GuardianRule | null = null;

  constructor(log: (event: string, details: Readonly<Record<string, unknown>>) => void) {
    this.#log = log;
  }

  get lastRule(): GuardianRule | null {
    return this.#lastRule;
  }

  /** Every rule that changes something; of those that wait, only a change of rule. */
  decided(decision: GuardianDecision): void {
    if (decision.rule === 'renew-lease') return;
    if (decision.rule === this.#lastRule && decision.action.kind === 'wait') return;
    this.#lastRule = decision.rule;
    this.#log(decision.rule, { because: decision.because });
  }

  /** A call that fails over and over in the same way is one line until something succeeds. */
  failing(what: string, problem: string): void {
    if (this.#problems.get(what) === problem) return;
    this.#problems.set(what, problem);
    this.#log('etcd', { what, problem });
  }

  well(): void {
    this.#problems.clear();
  }
}
