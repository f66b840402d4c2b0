/** Since when the cluster is redundant, seen from outside, to some fifty milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monoNow } from '../rig/rig-member.ts';
import type { ChaosCluster } from './cluster.ts';

const pollMs = 50;

export class RedundancyWatch implements AsyncDisposable {
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #sinceMono: number | null = monoNow();

  constructor(cluster: ChaosCluster) {
    this.#watching = this.#watch(cluster);
  }

  /** CLOCK_MONOTONIC in milliseconds; null while it is not redundant. */
  get sinceMono(): number | null {
    return this.#sinceMono;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async #watch(cluster: ChaosCluster): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const isRedundant = (await cluster.redundantStatus()) !== null;
      this.#sinceMono = isRedundant ? (this.#sinceMono ?? monoNow()) : null;
      await sleep(pollMs);
    }
  }
}
