/** What is planned and done by plan: announced maintenance, the contracts' reports, drills, and the schedule of both. */
import { isMine } from '../../core/cluster-queries.ts';
import type { Promises } from '../../core/sla/contract.ts';
import type { NearMiss } from '../../core/sla/near-miss/near-miss.ts';
import type { IncidentTail } from '../../core/sla/evidence/diverged-tail.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { type Announcement, inWindow } from '../../core/sla/maintenance/announcement.ts';
import { monthsOf } from '../../core/sla/accounting/zone.ts';
import type { Contract } from '../../core/sla/contract.ts';
import type { News, Standing } from '../../core/sla/notices/news.ts';
import { lossOf } from '../../core/sla/notices/news-wording.ts';
import { contractReports, type Reported } from '../../core/sla/report/contract-report.ts';
import type { View } from '../../core/view.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import type { PlannedFace } from '../../ports/planned-face.ts';
import { BurnWatch } from './burn-watch.ts';
import { DrillDesk } from './drill-desk.ts';
import { type DrillHands, DrillRunner } from './drill-runner.ts';
import { MaintenanceKeeper } from './maintenance-keeper.ts';
import { NewsBook } from './news-book.ts';
import type { RecordDeps } from './record-deps.ts';
import { Records, type RecordsKept } from './records.ts';
import { ReportKeeper } from './report-keeper.ts';
import { RunBook } from './run-book.ts';
import { ScheduleKeeper } from './schedule-keeper.ts';
import type { ServiceKeeper } from './service-keeper.ts';

/** Apart from what people write: a schedule that runs often makes room among its own. */
const reportRecords: RecordsKept = { kind: 'report', prefixes: ['reports/'], daysInEtcd: 400, recordsMax: 10_000 };

export interface PlannedWorkDeps {
  readonly deps: RecordDeps;
  /** Where announcements are kept. */
  readonly records: Records;
  readonly service: ServiceKeeper;
  readonly promises: () => Promises;
  readonly incidents: () => readonly Incident[];
  readonly nearMisses: () => readonly NearMiss[];
  /** The same with what people corrected in them. */
  readonly amended: () => readonly Incident[];
  readonly tailOf: (incident: Incident) => IncidentTail | null;
  /** How a drill asks for a change of leader. */
  readonly hands: DrillHands;
}

export class PlannedWork {
  readonly #deps: RecordDeps;
  readonly #records: Records;
  readonly #maintenance: MaintenanceKeeper;
  readonly #reports: ReportKeeper;
  readonly #book: RunBook;
  readonly #drills: DrillDesk;
  readonly #schedule: ScheduleKeeper;
  readonly #burn: BurnWatch;
  readonly #news: NewsBook;

  constructor(
    { deps, records, service, promises, incidents, amended, tailOf, nearMisses, hands }: PlannedWorkDeps,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    const { clock, coordinator } = deps;
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name, clock };
    this.#records = new Records(deps, reportRecords);
    this.#maintenance = new MaintenanceKeeper({ clock, coordinator, records, newId: deps.newCopyId, promises });
    const ledgered = () => service.ledgered(promises(), this.announcements());
    const reported = () => ({ ...ledgered(), incidents: amended(), tailOf, nearMisses: nearMisses() });
    const kept = { ...whose, journal: deps.journal, records: this.#records };
    this.#reports = new ReportKeeper({ ...kept, reported });
    this.#burn = new BurnWatch({ ...kept, ledgered, standing: (contract, at) => standing(reported(), contract, at) });
    this.#news = new NewsBook(clock, this.#records);
    const contracts = () => promises().contracts;
    const accounts = () => service.report(promises(), { kind: 'this-month' }, this.announcements()).contracts;
    const runner = new DrillRunner({ clock, hands, incidents, contracts, accounts }, signal);
    this.#book = new RunBook(coordinator, this.#records);
    const book = this.#book;
    this.#drills = new DrillDesk({ ...whose, book, runner, maintenance: this.#maintenance, incidents, promises });
    this.#schedule = new ScheduleKeeper(
      { ...deps, ...whose, book, reports: this.#reports, drills: this.#drills },
      signal,
    );
  }

  /** `view`: the newest; null before the first. */
  face(view: () => View | null): PlannedFace {
    return {
      announcements: () => this.announcements(),
      announce: (draft) => this.#maintenance.announce(draft),
      cancelMaintenance: (draft) => this.#maintenance.cancel(draft),
      contractReports: (month) => this.#reports.of(month),
      runs: () => this.#book.newest(),
      drills: () => this.#drills.entries(),
      drill: async (draft) => {
        const latest = view();
        if (latest === null)
          return { kind: 'refused', condition: 'etcd-read', problem: 'this daemon has seen nothing yet: ask again' };
        return this.#drills.run(latest, draft, (error) => this.#failed(error));
      },
    };
  }

  /** What contracts are to be told of. */
  news(): News {
    return this.#news.news();
  }

  announcements(): readonly Announcement[] {
    return this.#maintenance.announcements();
  }

  /** Somebody said before that service may be away at this instant (ms since the epoch). */
  isAnnounced(at: number): boolean {
    return inWindow(this.announcements(), at) !== null;
  }

  /** The loop ran: what is due at set times is looked at. */
  considered(view: View): void {
    this.#schedule.consider(view);
    if (view.coordinator.kind === 'read' && isMine(view, view.coordinator.state)) this.#burn.consider(view.nowMono);
  }

  sawSnapshot(snapshot: Snapshot): void {
    this.#records.sawSnapshot(snapshot);
    const config = snapshot.entries.get('config')?.value;
    if (config !== undefined) this.#schedule.sawConfig(config);
  }

  #failed(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.#deps.journal.happened('schedule-failed', { problem });
  }
}

function standing(reported: Reported, contract: Contract, at: number): Standing | null {
  const contracts = reported.contracts.filter(({ id }) => id === contract.id);
  const [month = ''] = monthsOf(contract.timeZone, { from: at, to: at + 1 });
  const [report] = contractReports({ ...reported, contracts }, at, month);
  const account = report?.accounts.find(({ contractVersion }) => contractVersion === contract.version);
  if (report === undefined) return null;
  const { budgetMs = null, leftMs = null } = account?.target ?? {};
  return { at, loss: lossOf(report), budgetMs, leftMs };
}
