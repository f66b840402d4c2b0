/** What batond believes of its guardian: what was reported last, overruled by what batond did or saw itself. */
import type { MonoMs, Ms } from '../../core/units.ts';
import type { ChildExit, ChildView, GuardianRefusal, GuardianView } from '../../core/view.ts';
import type { GuardianStatus } from '../../ports/batond-link.ts';

export class ReportedView {
  #connected = false;
  #sinceMono: MonoMs;
  #status: GuardianStatus = { lease: { kind: 'none' }, child: { kind: 'unknown' }, terminating: false };
  /** Batond's own knowledge of the processes, while the guardian's is older. */
  #overruled: ChildView | null = null;
  /** The newest end of postgres that anybody reported; a guardian that was replaced took its memory along. */
  #lastExit: ChildExit | null = null;

  #refused: GuardianRefusal | null = null;

  constructor(nowMono: MonoMs) {
    this.#sinceMono = nowMono;
  }

  get view(): GuardianView {
    const { lease, terminating } = this.#status;
    return {
      connected: this.#connected,
      sinceMono: this.#sinceMono,
      lease,
      child: this.child,
      terminating,
      refused: this.#refused,
    };
  }

  get child(): ChildView {
    const child = this.#overruled ?? this.#status.child;
    return child.kind === 'none' && child.lastExit === null ? { kind: 'none', lastExit: this.#lastExit } : child;
  }

  get terminating(): boolean {
    return this.#status.terminating;
  }

  /** Whether what ran at that instant is known to be gone: nothing runs, or something that was started later. */
  endedSince(askedMono: MonoMs): boolean {
    const { child } = this;
    return child.kind === 'none' || (child.kind === 'running' && child.startedMono > askedMono);
  }

  setConnected(connected: boolean, nowMono: MonoMs): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#sinceMono = nowMono;
  }

  /** `overrule`: batond is killing processes itself; what the guardian says of them is not the newest. */
  take(status: GuardianStatus, overrule: boolean): void {
    this.#status = status;
    if (!overrule) this.#overruled = null;
    this.#remember(status.child);
  }

  renewed(sentMono: MonoMs, ttlMs: Ms): void {
    const { lease } = this.#status;
    if (lease.kind !== 'held' || sentMono <= lease.confirmedSentMono) return;
    this.#status = { ...this.#status, lease: { ...lease, confirmedSentMono: sentMono, ttlMs } };
  }

  /**
   * The guardian is dead, and with it the postmaster: the kernel killed it. Its lease stays in the view, so that what
   * the leader key is on can be handed over; its deadline passes by itself.
   */
  guardianLost(nowMono: MonoMs): void {
    const { child } = this;
    if (child.kind === 'running' || child.kind === 'stopping') {
      this.#overruled = {
        kind: 'exited',
        exit: { atMono: nowMono, code: null, signal: 'SIGKILL', requested: child.kind === 'stopping' },
      };
      this.#remember(this.#overruled);
    } else this.fencing(nowMono);
    this.#status = { ...this.#status, child: { kind: 'unknown' } };
  }

  /** Batond kills what is left by itself. */
  fencing(nowMono: MonoMs): void {
    const { child } = this;
    if (child.kind === 'running' || child.kind === 'stopping') {
      this.#lastExit = { atMono: nowMono, code: null, signal: 'SIGKILL', requested: true };
    }
    this.#overruled =
      child.kind === 'exited' || child.kind === 'fencing' ? child : { kind: 'fencing', why: null, sinceMono: nowMono };
  }

  /** Batond's own scans found nothing left. */
  fenced(): void {
    this.#overruled = { kind: 'none', lastExit: this.#lastExit };
  }

  refused(refusal: GuardianRefusal): void {
    this.#refused = refusal;
  }

  /** A new start makes every earlier knowledge void. */
  starting(): void {
    this.#overruled = null;
  }

  #remember(child: ChildView): void {
    if (child.kind === 'exited') this.#lastExit = child.exit;
    if (child.kind === 'none' && child.lastExit !== null) this.#lastExit = child.lastExit;
  }
}
