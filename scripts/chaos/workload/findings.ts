/** Counts of anomalies with the first few of each in words, so that a verdict stays small however bad it is. */
import type { Anomalies } from './verdict.ts';

const examplesMax = 5;

export class Findings {
  readonly #counts: { -readonly [Name in keyof Anomalies]: number } = {
    ...{ missing: 0, doubled: 0, foreign: 0, resurrected: 0, brokenBalances: 0, readThenLost: 0, twoOrders: 0 },
    ...{ wentBack: 0, sameTimeline: 0, afterSuccessor: 0, otherDatabase: 0, differingReplicas: 0 },
  };
  readonly #examples: string[] = [];

  /** `says` is a sentence, asked for only while it is shown. */
  add(anomaly: keyof Anomalies, says: () => string): void {
    this.#counts[anomaly] += 1;
    if (this.#counts[anomaly] <= examplesMax) this.#examples.push(`${anomaly}: ${says()}`);
  }

  get counts(): Anomalies {
    return { ...this.#counts };
  }

  get examples(): readonly string[] {
    return this.#examples;
  }
}
