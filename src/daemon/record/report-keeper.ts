/** Makes the contracts' reports and keeps them: what was reported of a month stays as it was reported. */
import { type ContractReport, contractReports, type Reported } from '../../core/sla/report/contract-report.ts';
import { monthsOver } from '../../core/sla/report/months-over.ts';
import type { MonthText } from '../../core/sla/accounting/zone.ts';
import { listed } from '../../core/sla/text-layout.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import { formatReport, parseReport, reportKey, reportKeyPrefix } from '../../wire/contract-report.ts';
import type { Records } from './records.ts';

export interface ReportKeeperDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly records: Records;
  /** Everything that reports are counted from, as it is known now. */
  readonly reported: () => Reported;
  readonly journal: Journal;
}

export class ReportKeeper {
  readonly #deps: ReportKeeperDeps;
  /** Keys of reports that could be written nowhere yet: they are in memory alone. */
  readonly #doubtful = new Set<string>();

  constructor(deps: ReportKeeperDeps) {
    this.#deps = deps;
  }

  /** As they were kept; what was not is counted now. */
  of(month: MonthText): readonly ContractReport[] {
    const kept = this.#kept(month);
    const counted = contractReports(this.#deps.reported(), this.#deps.clock.wall(), month);
    const missing = counted.filter(({ contract }) => !kept.has(contract));
    return [...kept.values(), ...missing].toSorted((one, other) => (one.contract < other.contract ? -1 : 1));
  }

  /**
   * Keeps the reports of all months that were over at `due`, back to what was due at `from`. Doing it twice is harmless.
   * The sentence says what was made; throws when one could not be written down.
   */
  async make(from: number, due: number): Promise<string> {
    const reported = this.#deps.reported();
    const made: string[] = [];
    const wanted = new Map<MonthText, Set<string>>();
    for (const { id, timeZone } of reported.contracts)
      for (const month of monthsOver(timeZone, from, due)) wanted.set(month, (wanted.get(month) ?? new Set()).add(id));
    for (const [month, contracts] of wanted) {
      const kept = this.#kept(month);
      for (const report of contractReports(reported, this.#deps.clock.wall(), month))
        if (contracts.has(report.contract) && (!kept.has(report.contract) || this.#doubtful.has(reportKey(report))))
          made.push(await this.#keep(kept.get(report.contract) ?? report));
    }
    return made.length === 0 ? 'every report was there already' : `made ${listed(made)}`;
  }

  async #keep(report: ContractReport): Promise<string> {
    const { clock, member, records } = this.#deps;
    const name = `${report.contract} ${report.month}`;
    const key = reportKey(report);
    const known = records.get(key);
    const record = known === null ? formatReport(report, Math.round(clock.wall()), member) : { key, value: known };
    const kept = await records.add(record);
    if (!kept.ok) {
      this.#doubtful.add(key);
      throw new Error(`the report ${name} may be lost: ${kept.error}`);
    }
    this.#doubtful.delete(key);
    this.#deps.journal.happened('report-ready', { contract: report.contract, month: report.month });
    return name;
  }

  #kept(month: MonthText): ReadonlyMap<string, ContractReport> {
    const reports = this.#deps.records.under(reportKeyPrefix).flatMap((record) => {
      const report = record.key.endsWith(`/${month}`) ? parseReport(record) : null;
      return report !== null && reportKey(report) === record.key ? [report] : [];
    });
    return new Map(reports.map((report) => [report.contract, report]));
  }
}
