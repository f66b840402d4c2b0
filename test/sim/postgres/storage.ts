/** The device under a data directory: what a write to it, and an fsync of it, come to. */
import type { Room } from '../../../src/core/room.ts';
import { MiB, type Ms } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';

export type StorageState =
  | { readonly kind: 'sound' }
  /** Every fsync takes so much longer. */
  | { readonly kind: 'slow'; readonly syncMs: Ms }
  /** No fsync returns. A process that is in one dies only when it does, unless it waits killably (a network file system). */
  | { readonly kind: 'hung'; readonly killable?: true }
  /** `wal`: pg_wal lies on a device of its own; `data`: it does, and the other one is full. */
  | { readonly kind: 'full'; readonly where: 'wal' | 'data' | 'everywhere' }
  /**
   * `mount`: files that are open for writing still are, and nobody new can open any; `file system`: its journal was aborted;
   * `pg_wal`: the same, of a device of its own.
   */
  | { readonly kind: 'read-only'; readonly what: 'mount' | 'file system' | 'pg_wal' }
  /** EIO, for writes and for fsyncs. */
  | { readonly kind: 'failing' };

/** What is written: the log; tables; Baton's own files and the copies that it makes. */
export type Written = 'wal' | 'tables' | 'files';

const freeBytes = 100 * 1024 * MiB;

export class Storage {
  #state: StorageState = { kind: 'sound' };
  #waiting: (() => void)[] = [];

  get state(): StorageState {
    return this.#state;
  }

  /** Who connects anew opens files for writing. */
  get servesNobodyNew(): boolean {
    return this.#state.kind === 'read-only' && this.#state.what === 'mount';
  }

  get hung(): boolean {
    return this.#state.kind === 'hung';
  }

  /** Whoever is in an fsync outlives its SIGKILL. */
  get keepsKilled(): boolean {
    return this.#state.kind === 'hung' && this.#state.killable !== true;
  }

  isFull(written: Written): boolean {
    return this.#state.kind === 'full' && this.problem(written) !== null;
  }

  /** What statfs says. */
  get room(): Room {
    const bytes = (written: Written) => (this.isFull(written) ? 0 : freeBytes);
    return { dataBytes: bytes('tables'), walBytes: bytes('wal') };
  }

  become(state: StorageState): void {
    this.#state = state;
    if (this.hung) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** The kernel's error for a write of that; null when it succeeds. */
  problem(written: Written): string | null {
    switch (this.#state.kind) {
      case 'sound':
      case 'slow':
      case 'hung':
        return null;
      case 'read-only':
        return this.#isReadOnly(written) ? 'EROFS: read-only file system' : null;
      case 'failing':
        return 'EIO: i/o error';
      case 'full': {
        const { where } = this.#state;
        const full = where === 'everywhere' || (where === 'wal') === (written === 'wal');
        return full ? 'ENOSPC: no space left on device' : null;
      }
    }
  }

  #isReadOnly(written: Written): boolean {
    if (this.#state.kind !== 'read-only' || this.#state.what === 'file system') return this.#state.kind === 'read-only';
    return this.#state.what === 'mount' ? written === 'files' : written === 'wal';
  }

  /** `done` is called when what was written is durable, or with the error that says that it is not. */
  sync(clock: Clock, written: Written, done: (problem: string | null) => void): void {
    if (this.hung) {
      this.#waiting.push(() => clock.timer(0, () => this.sync(clock, written, done)));
      return;
    }
    const finish = () => done(this.problem(written));
    if (this.#state.kind === 'slow') clock.timer(this.#state.syncMs, finish);
    else finish();
  }
}
