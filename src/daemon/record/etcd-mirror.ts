/** Brings keys to etcd, one transaction after the other, each again until etcd has answered. */
import type { Txn } from '../../core/transaction.ts';
import { type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator } from '../../ports/coordinator.ts';

const commitLimitMs: Ms = 2 * second;
const retryAfterMs: Ms = 1 * second;

export class EtcdMirror {
  readonly #deps: { readonly clock: Clock; readonly coordinator: Coordinator };
  readonly #txnFor: (key: string) => Txn | null;
  readonly #waitingMax: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<string>();
  #busy = false;

  /**
   * `txnFor` is asked when a key's turn comes, so that the newest content goes; null: nothing is to be written any more.
   * It must be safe to apply twice. Of more than `waitingMax` keys the oldest are let go: they must be on a disk.
   */
  constructor(
    deps: { readonly clock: Clock; readonly coordinator: Coordinator },
    txnFor: (key: string) => Txn | null,
    waitingMax: number,
  ) {
    this.#deps = deps;
    this.#txnFor = txnFor;
    this.#waitingMax = waitingMax;
  }

  bring(key: string): void {
    this.#waiting.add(key);
    for (const oldest of this.#waiting) if (this.#waiting.size > this.#waitingMax) this.#waiting.delete(oldest);
    void this.#bringAll();
  }

  async #bringAll(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    // Asked anew each time: more may have come meanwhile, also under the key that is being written.
    for (let key = this.#next(); key !== null; key = this.#next()) {
      this.#waiting.delete(key);
      const txn = this.#txnFor(key);
      if (txn === null) continue;
      const outcome = await this.#deps.coordinator.commit(txn, commitLimitMs);
      if (outcome.kind === 'applied' || outcome.kind === 'refused') continue;
      this.#waiting.add(key);
      this.#deps.clock.timer(retryAfterMs, () => void this.#bringAll());
      break;
    }
    this.#busy = false;
  }

  #next(): string | null {
    return this.#waiting.values().next().value ?? null;
  }
}
