/** Counts the starts of a standby that came to nothing (core/failed-starts.ts says what that is for). */
import { type FailedStarts, oneMoreFailed } from '../core/failed-starts.ts';
import type { MonoMs } from '../core/units.ts';
import type { ChildView } from '../core/view.ts';

export class StartAccount {
  #failed: FailedStarts | null = null;

  get failed(): FailedStarts | null {
    return this.#failed;
  }

  /** A server ended by itself; `before`: what the guardian said until then. */
  runEnded(before: ChildView, atMono: MonoMs): void {
    if (before.kind === 'running' && before.startedAs === 'primary') return;
    this.#failed = oneMoreFailed(this.#failed, atMono, 'postgres ended by itself: the end of its log says why');
  }

  /** Nothing was started, or what was is counted already. */
  startFailed(begunMono: MonoMs, atMono: MonoMs, problem: string): void {
    if (this.#failed === null || this.#failed.atMono < begunMono)
      this.#failed = oneMoreFailed(this.#failed, atMono, problem);
  }
}
