/**
 * Who waits for what, as PostgreSQL does it: whether a commit waits at all is a flag in shared memory that only the
 * checkpointer sets, when it looks; who releases it is decided by the names that the walsenders have loaded.
 */
import type { CommitWaits } from '../../../src/ports/postgres.ts';
import type { Backend } from './sessions.ts';

export type WaitLevel = 'flush' | 'apply';

/** One standby as its walsender knows it: counts of records. */
export interface StandbyReport {
  readonly name: string;
  readonly flushed: number;
  readonly applied: number;
}

/** `cancelled`: the wait was given up, and PostgreSQL says COMMIT with a warning all the same. */
export type Released = 'reached' | 'cancelled';

interface Waiter {
  readonly count: number;
  readonly level: WaitLevel;
  /** Null for a commit of nobody's session. */
  readonly backend: Backend | null;
  readonly released: (how: Released) => void;
}

const nobodyName = 'baton_nobody';

export class SyncWaits {
  /** sync_standbys_defined: what a committing backend looks at. */
  #flag = false;
  /** What the walsenders and SHOW have loaded. */
  #loaded: CommitWaits = { names: [], nobody: false };
  readonly #reached: Record<WaitLevel, number> = { flush: 0, apply: 0 };
  #waiters: Waiter[] = [];
  /** What is waited for, as names are compared: in lower case. */
  #wanted: readonly string[] = [];

  get loaded(): CommitWaits {
    return this.#loaded;
  }

  /** The names that are waited for, in their order and in lower case. */
  get wanted(): readonly string[] {
    return this.#wanted;
  }

  get flag(): boolean {
    return this.#flag;
  }

  load(waits: CommitWaits): void {
    this.#loaded = waits;
    const names = waits.nobody && waits.names.length === 0 ? [nobodyName] : waits.names;
    this.#wanted = names.map((name) => name.toLowerCase());
  }

  /** 1 for the first name in the list; 0 for a name that is not in it. */
  priority(name: string): number {
    return this.#wanted.length === 0 ? 0 : this.#wanted.indexOf(name.toLowerCase()) + 1;
  }

  /** `released` is called when the commit may be acknowledged; at once when nothing makes it wait. */
  wait(count: number, level: WaitLevel, backend: Backend | null, released: (how: Released) => void): void {
    if (!this.#flag || count <= this.#reached[level]) released('reached');
    else this.#waiters.push({ count, level, backend, released });
  }

  /** pg_cancel_backend of everybody who waits, or a driver's own time limit. How many there were. */
  cancelAll(): number {
    return this.#release(() => true, 'cancelled');
  }

  waiting(level: WaitLevel, count: number): boolean {
    return this.#waiters.some((waiter) => waiter.level === level && waiter.count === count);
  }

  holds(backend: Backend): boolean {
    return this.#waiters.some((waiter) => waiter.backend === backend);
  }

  /** The checkpointer takes over what is configured: the only place where waiting begins or ends. */
  checkpointerLooks(): void {
    this.#flag = this.#wanted.length > 0;
    if (!this.#flag) this.#release(() => true);
  }

  /** A walsender heard from its standby. It releases by the names that it has loaded itself, which may be older. */
  reported(standbys: readonly StandbyReport[], wanted: readonly string[] = this.#wanted): void {
    if (wanted.length === 0) return;
    for (const level of ['flush', 'apply'] as const) {
      const reached = wanted.map((name) => {
        const standby = standbys.find((other) => other.name.toLowerCase() === name);
        return standby === undefined ? -1 : level === 'flush' ? standby.flushed : standby.applied;
      });
      this.#reached[level] = Math.max(this.#reached[level], Math.min(...reached));
    }
    this.#release((waiter) => waiter.count <= this.#reached[waiter.level]);
  }

  /** Those who waited are gone: nothing of theirs is acknowledged. */
  drop(): void {
    this.#waiters = [];
  }

  #release(may: (waiter: Waiter) => boolean, how: Released = 'reached'): number {
    const released = this.#waiters.filter(may);
    this.#waiters = this.#waiters.filter((waiter) => !may(waiter));
    for (const waiter of released) waiter.released(how);
    return released.length;
  }
}
