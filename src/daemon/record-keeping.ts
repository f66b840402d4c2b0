/** Everything that a member keeps for the record: incidents, the service, and what people and schedules did. */
import type { ClusterState } from '../core/cluster.ts';
import { isMine } from '../core/cluster-queries.ts';
import { etcdAwaySince } from '../core/etcd-away.ts';
import { keyOf } from '../core/key-format.ts';
import { casesOf } from '../core/sla/case/case-of.ts';
import { correctionRows } from '../core/sla/case/correction-rows.ts';
import { leftToObserver } from '../core/sla/left-to-observer.ts';
import type { NearMiss } from '../core/sla/near-miss/near-miss.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { ServiceFact } from '../core/sla/service/service-log.ts';
import type { View } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import type { PlannedFace } from '../ports/planned-face.ts';
import { contractKeyPrefix } from '../wire/contract-record.ts';
import { nearMissKeyPrefix } from '../wire/near-miss.ts';
import { EvidenceKeeper } from './record/evidence-keeper.ts';
import { CaseKeeper } from './record/case-keeper.ts';
import { ContractKeeper } from './record/contract-keeper.ts';
import type { DrillHands } from './record/drill-runner.ts';
import { IncidentKeeper } from './record/incident-keeper.ts';
import { NearMissKeeper } from './record/near-miss-keeper.ts';
import { NoticeKeeper } from './record/notice-keeper.ts';
import { PlannedWork } from './record/planned-work.ts';
import type { RecordDeps } from './record/record-deps.ts';
import { Records, type RecordsKept } from './record/records.ts';
import { ServiceKeeper } from './record/service-keeper.ts';
import { TailBook } from './record/tail-book.ts';

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

/** By which accounts of any year are counted: they leave etcd never. */
const contractRecords: RecordsKept = {
  kind: 'contract',
  prefixes: [contractKeyPrefix],
  daysInEtcd: 100 * 366,
  recordsMax: 10_000,
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
  | 'contractProblems'
  | 'sla'
  | 'nearMisses'
  | 'notices'
  | 'testChannel'
> &
  PlannedFace;

export class RecordKeeping {
  readonly #incidents: IncidentKeeper;
  readonly #terms: Records;
  readonly #contracts: ContractKeeper;
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
  readonly #clock: Clock;
  readonly #member: string;
  /** An observer records the outage that goes on, as the newest snapshot shows. */
  #observed = false;
  #view: View | null = null;

  /** `hands`: how a drill asks for a change of leader. */
  constructor(deps: RecordDeps, hands: DrillHands, signal: AbortSignal) {
    this.#clock = deps.clock;
    this.#member = deps.settings.name;
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name };
    this.#terms = new Records(deps, contractRecords);
    this.#contracts = new ContractKeeper({ ...deps, ...whose, records: this.#terms });
    this.#incidents = new IncidentKeeper({
      ...deps,
      ...whose,
      promises: () => this.#contracts.promises,
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
        promises: () => this.#contracts.promises,
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
      outage: (view) => this.hasOutage(view),
    });
    this.#evidence = new EvidenceKeeper({ ...deps, ...whose }, this.#bundles);
    this.#notices = new NoticeKeeper(
      { ...deps, ...whose, apiUrl: deps.settings.apiUrl },
      {
        incidents: () => this.#incidents.incidents(),
        announcements: () => this.#planned.announcements(),
        news: () => this.#planned.news(),
        contracts: () => this.#contracts.promises.contracts,
        tailOf: (incident) => this.#tails.tailOf(incident),
      },
    );
    this.#cases = new CaseKeeper({
      ...{ ...whose, clock: deps.clock, ledger: deps.ledger, records: this.#records, newId: deps.newCopyId },
      incidents: () => this.#incidents.incidents(),
      promises: () => ({ ...this.#contracts.promises, maintenance: this.#planned.announcements() }),
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
      promises: () => ({ ...this.#contracts.promises, maintenance: this.#planned.announcements() }),
      contractProblems: () => this.#contracts.problems(),
      sla: (asked) => this.#service.report(this.#contracts.promises, asked, this.#planned.announcements()),
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

  /** A doubt that healed. */
  cameNear(miss: NearMiss): void {
    this.#nearMisses.keep(miss);
  }

  /** An outage is being recorded, here or by another member: what is doubted meanwhile belongs to it. */
  hasOutage({ coordinator }: View): boolean {
    return this.outageGoesOn || (coordinator.kind === 'read' && this.outageElsewhere(coordinator.state));
  }

  /** The loop ran: what is due at set times is looked at. */
  considered(view: View): void {
    this.#view = view;
    this.#contracts.considered(view.coordinator.kind === 'read' && isMine(view, view.coordinator.state));
    this.#planned.considered(view);
    this.#nearMisses.considered();
    this.#notices.considered(etcdAwaySince(view));
  }

  sawSnapshot(snapshot: Snapshot): void {
    this.#terms.sawSnapshot(snapshot);
    // What is judged now is judged by what this snapshot says.
    this.#contracts.sawSnapshot(snapshot);
    this.#incidents.sawSnapshot(snapshot);
    const recordedBy = snapshot.entries.get(keyOf.recording)?.value ?? null;
    this.#observed = recordedBy !== null && recordedBy !== this.#member;
    if (this.#observed)
      this.#incidents.record({ kind: 'recorded-elsewhere', atMono: this.#clock.mono(), wall: this.#clock.wall() });
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
