/**
 * Commits made the way a client makes them, to whoever leads: they say from outside when service ended and when it was
 * back (t0 and t7). One clock sees both ends.
 */
import type { ClusterState } from '../core/cluster.ts';
import type { MeasuredBy } from '../core/sla/incident.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import { stateSeen } from '../core/sla/service/service-state.ts';
import { elapsed, type MemberName, type MonoMs, type Ms, type WallMs } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Endpoint, Peers, WriteAnswer } from '../ports/postgres.ts';
import { Signalled } from './signalled.ts';

/** A commit that takes longer than this counts as failed, as it would for an impatient client. */
const writeLimitMs: Ms = 1_000;
/** While writes fail they are repeated fast, so that the end of an outage is seen to some milliseconds. */
const failingPauseMs: Ms = 10;
const failingForLongMs: Ms = 10_000;
const failingForLongPauseMs: Ms = 250;
const targetCheckMs: Ms = 250;

export interface WriteTarget extends Endpoint {
  readonly member: MemberName;
  readonly by: MeasuredBy;
}

/** One commit that was answered, or given up. */
export interface ClientWrite {
  readonly target: WriteTarget;
  readonly answer: WriteAnswer;
  /** When that was known, by both clocks. */
  readonly atMono: MonoMs;
  readonly wall: WallMs;
}

export interface ClientWritesContext {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'writeProbe'>;
  /** To whom, now; null while there is nobody, or it is somebody else's to measure. */
  target(): WriteTarget | null;
  intervalMs(): Ms;
  /** Not told of failures before the first write that succeeded: until then there is no service whose end it could measure. */
  saw(write: ClientWrite): void;
}

export class ClientWrites {
  readonly #context: ClientWritesContext;
  readonly #changed: Signalled;
  readonly #signal: AbortSignal;
  #everServed = false;

  constructor(context: ClientWritesContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#changed = new Signalled(context.clock, signal);
  }

  /** The target may be another now. */
  targetChanged(): void {
    this.#changed.signal();
  }

  async run(): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      const target = this.#context.target();
      // One scope, not a signal made of two: it is asked after every write.
      const scope = new AbortController();
      const ends = () => scope.abort(signal.reason);
      signal.addEventListener('abort', ends, { once: true });
      const work = target === null ? Promise.resolve() : this.#writeTo(target, scope.signal);
      // A write that hangs in a host that is gone must not keep the next target waiting: its answer is dropped.
      await this.#changedFrom(target);
      signal.removeEventListener('abort', ends);
      scope.abort('another target');
      void work;
    }
  }

  async #changedFrom(target: WriteTarget | null): Promise<void> {
    const same = (other: WriteTarget | null) =>
      other?.member === target?.member &&
      other?.by === target?.by &&
      other?.host === target?.host &&
      other?.port === target?.port;
    while (!this.#signal.aborted && same(this.#context.target())) await this.#changed.wait(targetCheckMs);
  }

  async #writeTo(target: WriteTarget, signal: AbortSignal): Promise<void> {
    const { clock, peers } = this.#context;
    let failingSince = null;
    // Nobody signals it: a pause that ends with the target.
    const pauses = new Signalled(clock, signal);
    while (!signal.aborted) {
      const answer = await peers.writeProbe(target, writeLimitMs);
      if (signal.aborted) return;
      const atMono = clock.mono();
      const wall = clock.wall();
      this.#everServed ||= answer.ok;
      if (this.#everServed) this.#context.saw({ target, answer, atMono, wall });
      failingSince = answer.ok ? null : (failingSince ?? atMono);
      const pauseMs =
        failingSince === null
          ? this.#context.intervalMs()
          : elapsed(failingSince, atMono) > failingForLongMs
            ? failingForLongPauseMs
            : failingPauseMs;
      await pauses.wait(pauseMs);
    }
  }
}

/** For the ledger of the service, which is not about incidents. */
export const serviceFactOf = ({ target, answer, atMono, wall }: ClientWrite, cluster: ClusterState): ServiceFact => ({
  atMono,
  wall,
  state: stateSeen(cluster, answer.ok),
  by: target.by,
});

type WriteFact = Extract<RecorderFact, { readonly kind: 'write-ok' | 'write-failed' }>;

export function recorderFactOf({ target: { member, by }, answer, atMono, wall }: ClientWrite): WriteFact {
  return answer.ok
    ? { kind: 'write-ok', sentMono: answer.sentMono, ackedMono: answer.ackedMono, wall, target: member, by }
    : { kind: 'write-failed', atMono, wall, target: member, problem: answer.problem, by };
}
