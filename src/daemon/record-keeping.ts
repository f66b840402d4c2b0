/** Everything that a member keeps for the record: incidents, the service, and what people and schedules did. */
import type { ClusterState } from '../core/cluster.ts';
import { keyOf } from '../core/key-format.ts';
import type { EvidenceBundle } from '../core/sla/evidence/bundle.ts';
import { leftToObserver } from '../core/sla/left-to-observer.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import type { View } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import type { Journal } from '../ports/journal.ts';
import type { PlannedFace } from '../ports/planned-face.ts';
import { parseEvidence } from '../wire/evidence.ts';
import { EvidenceKeeper } from './record/evidence-keeper.ts';
import { CaseKeeper } from './record/case-keeper.ts';
import type { DrillHands } from './record/drill-runner.ts';
import { IncidentKeeper } from './record/incident-keeper.ts';
import { NoticeKeeper } from './record/notice-keeper.ts';
import { PlannedWork } from './record/planned-work.ts';
import type { RecordDeps } from './record/record-deps.ts';
import { Records, type RecordsKept } from './record/records.ts';
import { ServiceKeeper } from './record/service-keeper.ts';

/** A year's reports and recurring causes need no ledger to be searched. */
const peoplesRecords: RecordsKept = {
  kind: 'record',
  prefixes: ['cases/', 'maintenance/'],
  daysInEtcd: 400,
  recordsMax: 10_000,
};
/** Each is some 20 KiB: etcd has those of a month with trouble, until a person has looked. */
const evidenceRecords: RecordsKept = { kind: 'evidence', prefixes: ['evidence/'], daysInEtcd: 40, recordsMax: 400 };

/** What of the daemon's face is read from, or written into, the record. */
export type RecordFace = Pick<
  DaemonFace,
  'incidents' | 'evidence' | 'cases' | 'addToCase' | 'proofOf' | 'promises' | 'sla' | 'notices' | 'testChannel'
> &
  PlannedFace;

export class RecordKeeping {
  readonly #incidents: IncidentKeeper;
  readonly #service: ServiceKeeper;
  readonly #records: Records;
  readonly #bundles: Records;
  readonly #evidence: EvidenceKeeper;
  readonly #notices: NoticeKeeper;
  readonly #cases: CaseKeeper;
  readonly #planned: PlannedWork;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #member: string;
  /** An observer records the outage that goes on, as the newest snapshot shows. */
  #observed = false;

  /** `hands`: how a drill asks for a change of leader. */
  constructor(deps: RecordDeps, hands: DrillHands, signal: AbortSignal) {
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#member = deps.settings.name;
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name };
    this.#incidents = new IncidentKeeper({
      ...deps,
      ...whose,
      changed: (incident) => this.#evidence.saw(incident),
      announcements: () => this.#planned.announcements(),
    });
    this.#service = new ServiceKeeper({ ...deps, ...whose });
    this.#records = new Records(deps, peoplesRecords);
    this.#planned = new PlannedWork(
      {
        // What is ready or burning is journalled; telling people begins here too.
        deps,
        hands,
        records: this.#records,
        service: this.#service,
        promises: () => this.#incidents.promises,
        incidents: () => this.#incidents.incidents(),
        reportReady: ({ contract, month }) => this.#journal.happened('report-ready', { contract, month }),
        budgetBurning: (warning) => this.#journal.happened('budget-burning', { ...warning }),
      },
      signal,
    );
    this.#bundles = new Records(deps, evidenceRecords);
    this.#evidence = new EvidenceKeeper({ ...deps, ...whose }, this.#bundles);
    this.#notices = new NoticeKeeper(
      { ...deps, ...whose },
      () => this.#incidents.incidents(),
      () => this.#planned.announcements(),
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
      evidence: (incident) => this.#evidenceOf(incident),
      cases: () => this.#cases.files(),
      addToCase: (incidentId, by, draft) => this.#cases.add(incidentId, by, draft),
      proofOf: (incidentId) => this.#cases.proof(incidentId),
      promises: () => ({ ...this.#incidents.promises, maintenance: this.#planned.announcements() }),
      sla: (month) => this.#service.report(this.#incidents.promises, month, this.#planned.announcements()),
      ...this.#planned.face(view),
      notices: () => this.#notices.notices(),
      testChannel: (channel) => this.#notices.test(channel),
    };
  }

  #evidenceOf(incident: string): readonly EvidenceBundle[] {
    const bundles = this.#bundles.under(`evidence/${incident}/`).map(({ value }) => parseEvidence(value));
    return bundles.filter((bundle) => bundle !== null).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  }

  /** An outage is being recorded here. */
  get outageGoesOn(): boolean {
    return this.#incidents.open;
  }

  /** The outage that is being recorded here has no end yet. */
  get serviceIsAway(): boolean {
    return this.#incidents.serviceIsAway;
  }

  /** One is being recorded by another member that is there. */
  outageElsewhere(state: ClusterState): boolean {
    return this.#incidents.openElsewhere(state);
  }

  /** Something that makes, or belongs to, an incident. */
  happened(fact: RecorderFact): void {
    const own = this.#observed ? leftToObserver(fact) : fact;
    if (own !== null) this.#incidents.record(own);
  }

  /** One probe commit. What is down in an announced window is away as planned. */
  probed(fact: ServiceFact): void {
    const announced = fact.state === 'down' && this.#planned.isAnnounced(fact.wall);
    this.#service.saw(announced ? { ...fact, state: 'planned' } : fact);
  }

  /** The loop ran: what is due at set times is looked at. */
  considered(view: View): void {
    this.#planned.considered(view);
  }

  sawSnapshot(snapshot: Snapshot): void {
    this.#incidents.sawSnapshot(snapshot);
    const recordedBy = snapshot.entries.get(keyOf.recording)?.value ?? null;
    this.#observed = recordedBy !== null && recordedBy !== this.#member;
    if (this.#observed)
      this.#incidents.record({ kind: 'recorded-elsewhere', atMono: this.#clock.mono(), wall: this.#clock.wall() });
    this.#service.sawSnapshot(snapshot);
    this.#records.sawSnapshot(snapshot);
    this.#bundles.sawSnapshot(snapshot);
    this.#notices.sawSnapshot(snapshot);
    this.#planned.sawSnapshot(snapshot);
  }

  /** What goes on is written down as far as it went. */
  close(): Promise<void> {
    this.#notices.close();
    return this.#service.close();
  }
}
