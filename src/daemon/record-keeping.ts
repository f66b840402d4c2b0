/** Everything that a member keeps for the record: incidents, the service, and what people and schedules did. */
import type { ClusterState } from '../core/cluster.ts';
import { etcdAwaySince } from '../core/etcd-away.ts';
import { casesOf } from '../core/sla/case/case-of.ts';
import { correctionRows } from '../core/sla/case/correction-rows.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import type { Decision } from '../core/decision.ts';
import type { View } from '../core/view.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import type { PlannedFace } from '../ports/planned-face.ts';
import { nearMissKeyPrefix } from '../wire/near-miss.ts';
import { EvidenceKeeper } from './record/evidence-keeper.ts';
import { CaseKeeper } from './record/case-keeper.ts';
import type { DrillHands } from './record/drill-runner.ts';
import { IncidentKeeper } from './record/incident-keeper.ts';
import { NearMissKeeper } from './record/near-miss-keeper.ts';
import { NoticeKeeper } from './record/notice-keeper.ts';
import { PlannedWork } from './record/planned-work.ts';
import { Records, type RecordsKept } from './record/records.ts';
import { ServiceKeeper } from './record/service-keeper.ts';
import { TailBook } from './record/tail-book.ts';
import type { SupervisorDeps } from './supervisor.ts';

/** A year's reports and recurring causes need no ledger to be searched. */
const peoplesRecords: RecordsKept = {
  kind: 'record',
  prefixes: ['cases/', 'maintenance/'],
  daysInEtcd: 400,
  recordsMax: 10_000,
};
/** Each is some 20 KiB: etcd has those of a month with trouble, until a person has looked. */
const evidenceRecords: RecordsKept = { kind: 'evidence', prefixes: ['evidence/'], daysInEtcd: 40, recordsMax: 400 };

/** Some hundred bytes each: a month of bad nights. */
const nearMissRecords: RecordsKept = {
  kind: 'near-miss',
  prefixes: [nearMissKeyPrefix],
  daysInEtcd: 40,
  recordsMax: 1_000,
};

/** What of the daemon's face is read from, or written into, the record. */
export type RecordFace = Pick<
  DaemonFace,
  | 'incidents'
  | 'evidence'
  | 'cases'
  | 'addToCase'
  | 'proofOf'
  | 'promises'
  | 'sla'
  | 'nearMisses'
  | 'notices'
  | 'testChannel'
> &
  PlannedFace;

export class RecordKeeping {
  readonly #incidents: IncidentKeeper;
  readonly #service: ServiceKeeper;
  readonly #records: Records;
  readonly #bundles: Records;
  readonly #misses: Records;
  readonly #nearMisses: NearMissKeeper;
  readonly #tails: TailBook;
  readonly #evidence: EvidenceKeeper;
  readonly #notices: NoticeKeeper;
  readonly #cases: CaseKeeper;
  readonly #planned: PlannedWork;
  #view: View | null = null;

  /** `hands`: how a drill asks for a change of leader. */
  constructor(deps: SupervisorDeps, hands: DrillHands, signal: AbortSignal) {
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name };
    this.#incidents = new IncidentKeeper({
      ...deps,
      ...whose,
      changed: (incident) => this.#evidence.saw(incident),
      announcements: () => this.#planned.announcements(),
      wroteAgain: (miss, leader) => {
        if (this.#view !== null) this.#nearMisses.wroteAgain(miss, leader, this.#view);
      },
    });
    this.#service = new ServiceKeeper({
      ...{ ...deps, ...whose },
      corrections: () => correctionRows(this.#incidents.incidents(), this.#cases.files()),
    });
    this.#records = new Records(deps, peoplesRecords);
    this.#bundles = new Records(deps, evidenceRecords);
    this.#tails = new TailBook(this.#bundles);
    this.#planned = new PlannedWork(
      {
        deps,
        hands,
        records: this.#records,
        service: this.#service,
        promises: () => this.#incidents.promises,
        incidents: () => this.#incidents.incidents(),
        amended: () => casesOf(this.#incidents.incidents(), this.#cases.files()).map(({ incident }) => incident),
        tailOf: (incident) => this.#tails.tailOf(incident),
        nearMisses: () => this.#nearMisses.nearMisses(),
      },
      signal,
    );
    this.#misses = new Records(deps, nearMissRecords);
    this.#nearMisses = new NearMissKeeper({
      ...{ ...whose, clock: deps.clock, journal: deps.journal, records: this.#misses },
      outage: ({ coordinator }) =>
        this.outageGoesOn || (coordinator.kind === 'read' && this.outageElsewhere(coordinator.state)),
    });
    this.#evidence = new EvidenceKeeper({ ...deps, ...whose }, this.#bundles);
    this.#notices = new NoticeKeeper(
      { ...deps, ...whose, apiUrl: deps.settings.apiUrl },
      {
        incidents: () => this.#incidents.incidents(),
        announcements: () => this.#planned.announcements(),
        news: () => this.#planned.news(),
        tailOf: (incident) => this.#tails.tailOf(incident),
      },
    );
    this.#cases = new CaseKeeper({
      ...{ ...whose, clock: deps.clock, ledger: deps.ledger, records: this.#records, newId: deps.newCopyId },
      incidents: () => this.#incidents.incidents(),
      promises: () => ({ ...this.#incidents.promises, maintenance: this.#planned.announcements() }),
    });
  }

  /** `view`: the newest; null before the first. */
  face(view: () => View | null): RecordFace {
    return {
      incidents: () => this.#incidents.incidents(),
      evidence: (incident) => this.#tails.bundlesOf(incident),
      cases: () => this.#cases.files(),
      addToCase: (incidentId, by, draft) => this.#cases.add(incidentId, by, draft),
      proofOf: (incidentId) => this.#cases.proof(incidentId),
      promises: () => ({ ...this.#incidents.promises, maintenance: this.#planned.announcements() }),
      sla: (month) => this.#service.report(this.#incidents.promises, month, this.#planned.announcements()),
      ...this.#planned.face(view),
      nearMisses: () => this.#nearMisses.nearMisses(),
      notices: () => this.#notices.notices(),
      testChannel: (channel) => this.#notices.test(channel),
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

  /** One probe commit. What is down in an announced window is away as planned. */
  probed(fact: ServiceFact): void {
    const announced = fact.state === 'down' && this.#planned.isAnnounced(fact.wall);
    this.#service.saw(announced ? { ...fact, state: 'planned' } : fact);
  }

  /** Before anything is made of what was decided. The answer: whether a doubt makes the view worth a line in the journal. */
  sees(view: View, decision: Decision): boolean {
    this.#view = view;
    return this.#nearMisses.sees(view, decision);
  }

  /** The loop ran: what is due at set times is looked at. */
  considered(view: View): void {
    this.#planned.considered(view);
    this.#nearMisses.considered();
    this.#notices.considered(etcdAwaySince(view));
  }

  sawSnapshot(snapshot: Snapshot): void {
    this.#incidents.sawSnapshot(snapshot);
    this.#service.sawSnapshot(snapshot);
    this.#records.sawSnapshot(snapshot);
    this.#bundles.sawSnapshot(snapshot);
    this.#misses.sawSnapshot(snapshot);
    this.#notices.sawSnapshot(snapshot);
    this.#planned.sawSnapshot(snapshot);
  }

  /** What goes on is written down as far as it went. */
  close(): Promise<void> {
    this.#notices.close();
    this.#nearMisses.close();
    return this.#service.close();
  }
}
