/** The postgres that this guardian is the parent of: starting, stopping and fencing it, and what became of it. */
import type { Result } from '../core/result.ts';
import { after, type MonoMs, type Ms } from '../core/units.ts';
import type { ChildExit, ChildView } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import { fenceDirectory } from '../ports/fence-directory.ts';
import type { StartCommand } from '../ports/postgres.ts';
import type { ExitStatus, ProcessHost } from '../ports/process-host.ts';

export interface OwnedChildDeps {
  readonly clock: Clock;
  readonly host: ProcessHost;
  readonly dataDir: string;
  /** Called after every change that nobody asked this object for. */
  readonly changed: () => void;
  readonly signal: AbortSignal;
}

export class OwnedChild {
  readonly #deps: OwnedChildDeps;
  /** Nothing is known of the data directory before its first fence. */
  #view: ChildView = { kind: 'unknown' };
  /** Pid of the child whose exit the kernel has not reported yet. */
  #pid: number | null = null;
  #lastExit: ChildExit | null = null;
  /** Somebody asked for its end. */
  #requested = false;
  #stopByMono: MonoMs | null = null;
  #fencing = false;
  /** The scans of the fence under way have found nothing left. */
  #swept = false;

  constructor(deps: OwnedChildDeps) {
    this.#deps = deps;
  }

  get view(): ChildView {
    return this.#view;
  }
  get stopByMono(): MonoMs | null {
    return this.#stopByMono;
  }
  get fencing(): boolean {
    return this.#fencing;
  }

  /** The caller has judged that it may be started. */
  start(startedAs: 'primary' | 'standby', command: StartCommand): Result<void, string> {
    const startedMono = this.#deps.clock.mono();
    const started = this.#deps.host.start(command, (exit) => this.#exited(exit));
    if (!started.ok) return started;
    this.#pid = started.value;
    this.#requested = false;
    this.#view = { kind: 'running', pid: started.value, startedMono, startedAs };
    return { ok: true, value: undefined };
  }

  /** Asks postgres to shut down by itself within the limit; a second call may only shorten or harden the first. */
  stop(mode: 'fast' | 'immediate', limitMs: Ms): void {
    if (this.#pid === null || this.#fencing) return;
    const { clock, host } = this.#deps;
    const nowMono = clock.mono();
    const byMono = after(nowMono, limitMs);
    if (this.#view.kind !== 'stopping') this.#view = { kind: 'stopping', pid: this.#pid, sinceMono: nowMono };
    this.#stopByMono = this.#stopByMono === null || byMono < this.#stopByMono ? byMono : this.#stopByMono;
    this.#requested = true;
    host.signal(this.#pid, mode === 'fast' ? 'interrupt' : 'quit');
  }

  /** SIGKILL at once, then until nothing of the data directory is left. No-op while one is under way. */
  fence(why: string | null): void {
    if (this.#fencing || this.#view.kind === 'none') return;
    const { clock, host, dataDir, signal, changed } = this.#deps;
    this.#fencing = true;
    this.#swept = false;
    this.#stopByMono = null;
    if (this.#pid !== null) {
      this.#requested = true;
      host.signal(this.#pid, 'kill');
    }
    // What ended by itself stays `exited` until its remains are gone: that is what batond must know of it.
    if (this.#view.kind !== 'exited') this.#view = { kind: 'fencing', sinceMono: clock.mono(), why };
    fenceDirectory(host, clock, dataDir, signal).then(
      () => {
        this.#swept = true;
        this.#settle();
        changed();
      },
      () => {
        // The guardian itself ends; whoever survives it fences.
      },
    );
  }

  #exited(exit: ExitStatus): void {
    const atMono = this.#deps.clock.mono();
    this.#pid = null;
    this.#stopByMono = null;
    this.#lastExit = { atMono, code: exit.code, signal: exit.signal, requested: this.#requested };
    if (this.#fencing) this.#settle();
    else this.#view = { kind: 'exited', exit: this.#lastExit };
    this.#deps.changed();
  }

  #settle(): void {
    if (!this.#swept || this.#pid !== null) return;
    this.#fencing = false;
    this.#view = { kind: 'none', lastExit: this.#lastExit };
  }
}
