/**
 * Commits made the way a client makes them, to whoever leads: they say from outside when service ended and when it was
 * back (t0 and t7). The standby's daemon makes them, so that one clock sees both ends; the leader's own does while no
 * standby is there to do it.
 */
import { hasStandby, leading, syncOf } from '../core/cluster-queries.ts';
import type { MeasuredBy } from '../core/sla/incident.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import { stateSeen } from '../core/sla/service/service-state.ts';
import { elapsed, type MemberName, type Ms } from '../core/units.ts';
import type { View } from '../core/view.ts';
import type { Endpoint } from '../ports/postgres.ts';
import { Signalled } from './signalled.ts';
import type { Observations } from './observations.ts';
import type { SupervisorDeps } from './supervisor.ts';

/** A commit that takes longer than this counts as failed, as it would for an impatient client. */
const writeLimitMs: Ms = 1_000;
/** While writes fail they are repeated fast, so that the end of an outage is seen to some milliseconds. */
const failingPauseMs: Ms = 10;
const failingForLongMs: Ms = 10_000;
const failingForLongPauseMs: Ms = 250;

interface Target extends Endpoint {
  readonly member: MemberName;
  readonly by: MeasuredBy;
}

export class ClientWrites {
  readonly #deps: SupervisorDeps;
  readonly #seen: Observations;
  readonly #view: () => View;
  readonly #record: (fact: RecorderFact) => void;
  /** Of every commit, whoever records the outage: the ledger of the service is not about incidents. */
  readonly #saw: (fact: ServiceFact) => void;
  /** Whether another member's record of this outage is open: one outage, one record. */
  readonly #recordedElsewhere: () => boolean;
  readonly #changed: Signalled;
  readonly #signal: AbortSignal;
  #outage = false;
  /** Before the first write that this daemon saw succeed there is no service whose end it could measure. */
  #everServed = false;

  constructor(
    deps: SupervisorDeps,
    seen: Observations,
    view: () => View,
    record: (fact: RecorderFact) => void,
    saw: (fact: ServiceFact) => void,
    recordedElsewhere: () => boolean,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    this.#changed = new Signalled(deps.clock, signal);
    this.#recordedElsewhere = recordedElsewhere;
    this.#deps = deps;
    this.#seen = seen;
    this.#view = view;
    this.#record = record;
    this.#saw = saw;
  }

  /** Whether an incident is open: then the new leader goes on measuring until it is over. */
  outage(open: boolean): void {
    if (open !== this.#outage) this.#changed.signal();
    this.#outage = open;
  }

  leaderChanged(): void {
    this.#changed.signal();
  }

  async run(): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      const target = this.#target();
      const scope = new AbortController();
      const work = target === null ? Promise.resolve() : this.#writeTo(target, AbortSignal.any([signal, scope.signal]));
      // A write that hangs in a host that is gone must not keep the next target waiting: its answer is dropped.
      await this.#changedFrom(target);
      scope.abort('another target');
      void work;
    }
  }

  async #changedFrom(target: Target | null): Promise<void> {
    const same = (other: Target | null) =>
      other?.member === target?.member && other?.by === target?.by && other?.port === target?.port;
    while (!this.#signal.aborted && same(this.#target())) await this.#changed.wait(targetCheckMs);
  }

  #target(): Target | null {
    const cluster = this.#seen.cluster;
    if (cluster === null) return null;
    const lead = leading(cluster.state);
    const member = lead?.key.member ?? syncOf(cluster.state)?.leader ?? null;
    if (member === null) return null;
    if (member === this.#deps.settings.name) {
      return this.#outage || !hasStandby(cluster.state)
        ? { member, by: 'leader', ...this.#deps.settings.postgres }
        : null;
    }
    const record = this.#seen.addresses.get(member);
    return record === undefined ? null : { member, by: 'standby', host: record.host, port: record.port };
  }

  async #writeTo(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, peers } = this.#deps;
    let failingSince = null;
    // Nobody signals it: a pause that ends with the target.
    const pauses = new Signalled(clock, signal);
    while (!signal.aborted) {
      const answer = await peers.writeProbe(target, writeLimitMs);
      if (signal.aborted) return;
      const atMono = clock.mono();
      const wall = clock.wall();
      this.#everServed ||= answer.ok;
      const cluster = this.#seen.cluster?.state ?? null;
      if (this.#everServed && cluster !== null)
        this.#saw({ atMono, wall, state: stateSeen(cluster, answer.ok), by: target.by });
      if (answer.ok)
        this.#record({
          kind: 'write-ok',
          sentMono: answer.sentMono,
          ackedMono: answer.ackedMono,
          wall,
          target: target.member,
          by: target.by,
        });
      else if (this.#everServed && !this.#recordedElsewhere())
        this.#record({
          kind: 'write-failed',
          atMono,
          wall,
          target: target.member,
          problem: answer.problem,
          by: target.by,
        });
      failingSince = answer.ok ? null : (failingSince ?? atMono);
      const pauseMs =
        failingSince === null
          ? this.#view().policy.probe.writeIntervalMs
          : elapsed(failingSince, atMono) > failingForLongMs
            ? failingForLongPauseMs
            : failingPauseMs;
      await pauses.wait(pauseMs);
    }
  }
}

const targetCheckMs: Ms = 250;
