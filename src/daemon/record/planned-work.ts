/** What is planned and done by plan: announced maintenance, the contracts' reports, drills, and the schedule of both. */
import { isMine } from '../../core/cluster-queries.ts';
import type { Promises } from '../../core/sla/contract.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { type Announcement, inWindow } from '../../core/sla/maintenance/announcement.ts';
import type { BurnWarning } from '../../core/sla/report/burn.ts';
import type { ContractReport } from '../../core/sla/report/contract-report.ts';
import type { View } from '../../core/view.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import type { PlannedFace } from '../../ports/planned-face.ts';
import { BurnWatch } from './burn-watch.ts';
import { DrillDesk } from './drill-desk.ts';
import { type DrillHands, DrillRunner } from './drill-runner.ts';
import { MaintenanceKeeper } from './maintenance-keeper.ts';
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
  /** How a drill asks for a change of leader. */
  readonly hands: DrillHands;
  /** A report was made and is kept, and was not before: it can be sent. */
  readonly reportReady: (report: ContractReport) => void;
  /** A budget is being used up too fast: told once a day for each contract and urgency. */
  readonly budgetBurning: (warning: BurnWarning) => void;
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

  constructor(
    { deps, records, service, promises, incidents, hands, reportReady, budgetBurning }: PlannedWorkDeps,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    const { clock, coordinator } = deps;
    const whose = { cluster: deps.settings.cluster, member: deps.settings.name, clock };
    this.#records = new Records(deps, reportRecords);
    this.#maintenance = new MaintenanceKeeper({ clock, coordinator, records, newId: deps.newCopyId, promises });
    const ledgered = () => service.ledgered(promises(), this.announcements());
    this.#reports = new ReportKeeper({
      ...whose,
      records: this.#records,
      reported: () => ({ ...ledgered(), incidents: incidents() }),
      reportReady,
    });
    this.#burn = new BurnWatch({ ...whose, records: this.#records, ledgered, budgetBurning });
    const contracts = () => promises().contracts;
    const accounts = () => service.report(promises(), null, this.announcements()).contracts;
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
