/**
 * Who of the members with PostgreSQL commits as a client does, and what comes of it: the standby's daemon, so that it sees
 * both ends of an outage from outside; the leader's own while no standby is there to do it.
 */
import { hasStandby, leading, syncOf } from '../core/cluster-queries.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import type { View } from '../core/view.ts';
import { type ClientWrite, ClientWrites, recorderFactOf, serviceFactOf, type WriteTarget } from './client-writes.ts';
import type { Observations } from './observations.ts';
import type { SupervisorDeps } from './supervisor.ts';

export class MemberWrites {
  readonly #deps: SupervisorDeps;
  readonly #seen: Observations;
  readonly #record: (fact: RecorderFact) => void;
  /** Of every commit, whoever records the outage. */
  readonly #saw: (fact: ServiceFact) => void;
  /** Whether another member's record of this outage is open: one outage, one record. */
  readonly #recordedElsewhere: () => boolean;
  readonly #writes: ClientWrites;
  #outage = false;

  constructor(
    deps: SupervisorDeps,
    seen: Observations,
    view: () => View,
    record: (fact: RecorderFact) => void,
    saw: (fact: ServiceFact) => void,
    recordedElsewhere: () => boolean,
    signal: AbortSignal,
  ) {
    this.#recordedElsewhere = recordedElsewhere;
    this.#deps = deps;
    this.#seen = seen;
    this.#record = record;
    this.#saw = saw;
    this.#writes = new ClientWrites(
      {
        clock: deps.clock,
        peers: deps.peers,
        target: () => this.#target(),
        intervalMs: () => view().policy.probe.writeIntervalMs,
        saw: (write) => this.#sawWrite(write),
      },
      signal,
    );
  }

  /** Whether an incident is open: then the new leader goes on measuring until it is over. */
  outage(open: boolean): void {
    if (open !== this.#outage) this.#writes.targetChanged();
    this.#outage = open;
  }

  leaderChanged(): void {
    this.#writes.targetChanged();
  }

  run(): Promise<void> {
    return this.#writes.run();
  }

  #target(): WriteTarget | null {
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

  #sawWrite(write: ClientWrite): void {
    const cluster = this.#seen.cluster?.state ?? null;
    if (cluster !== null) this.#saw(serviceFactOf(write, cluster));
    if (write.answer.ok || !this.#recordedElsewhere()) this.#record(recorderFactOf(write));
  }
}
