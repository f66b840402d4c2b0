/** Everything that a member keeps for the record: incidents, the service, and what people and schedules did. */
import type { ClusterState } from '../core/cluster.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import { IncidentKeeper } from './record/incident-keeper.ts';
import { Records } from './record/records.ts';
import { ServiceKeeper } from './record/service-keeper.ts';
import type { SupervisorDeps } from './supervisor.ts';

/** What of the daemon's face is read from, or written into, the record. */
export type RecordFace = Pick<DaemonFace, 'incidents' | 'promises' | 'sla'>;

export class RecordKeeping {
  readonly #incidents: IncidentKeeper;
  readonly #service: ServiceKeeper;
  readonly #records: Records;

  constructor(deps: SupervisorDeps) {
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name };
    this.#incidents = new IncidentKeeper({ ...deps, ...whose });
    this.#service = new ServiceKeeper({ ...deps, ...whose });
    this.#records = new Records(deps, ['cases/', 'maintenance/', 'reports/']);
  }

  face(): RecordFace {
    return {
      incidents: () => this.#incidents.incidents(),
      promises: () => this.#incidents.promises,
      sla: (month) => this.#service.report(this.#incidents.promises, month),
    };
  }

  /** An outage is being recorded here. */
  get outageGoesOn(): boolean {
    return this.#incidents.open;
  }

  /** One is being recorded by another member that is there. */
  outageElsewhere(state: ClusterState): boolean {
    return this.#incidents.openElsewhere(state);
  }

  /** Something that makes, or belongs to, an incident. */
  happened(fact: RecorderFact): void {
    this.#incidents.record(fact);
  }

  /** One probe commit. */
  probed(fact: ServiceFact): void {
    this.#service.saw(fact);
  }

  sawSnapshot(snapshot: Snapshot): void {
    this.#incidents.sawSnapshot(snapshot);
    this.#service.sawSnapshot(snapshot);
    this.#records.sawSnapshot(snapshot);
  }

  /** What goes on is written down as far as it went. */
  close(): Promise<void> {
    return this.#service.close();
  }
}
