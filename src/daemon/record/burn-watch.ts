/** Looks each minute whether a contract's downtime budget is being used up too fast, and says so once a day for each. */
import { type BurnWarning, burnLooksBackMs, burnWarnings } from '../../core/sla/report/burn.ts';
import { measured } from '../../core/sla/accounting/outage-row.ts';
import type { Ledgered } from '../../core/sla/accounting/report.ts';
import { covering } from '../../core/sla/maintenance/announcement.ts';
import { dayMs, type MonoMs, type Ms, minute } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Records } from './records.ts';

export interface BurnWatchDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly records: Records;
  readonly ledgered: () => Ledgered;
  /** Told once for each contract, urgency and day, whoever leads. */
  readonly budgetBurning: (warning: BurnWarning) => void;
}

const lookEveryMs: Ms = 1 * minute;
/** The month in which the longest window begins is accounted whole: the cap of maintenance is a month's. */
const monthMsMax: Ms = 32 * dayMs;

export class BurnWatch {
  readonly #deps: BurnWatchDeps;
  #lookedMono: MonoMs | null = null;

  constructor(deps: BurnWatchDeps) {
    this.#deps = deps;
  }

  /** Called each time the loop of a leader runs. */
  consider(nowMono: MonoMs): void {
    if (this.#lookedMono !== null && nowMono - this.#lookedMono < lookEveryMs) return;
    this.#lookedMono = nowMono;
    const { clock, ledgered } = this.#deps;
    const { contracts, maintenance, rows } = ledgered();
    const asOf = clock.wall();
    for (const contract of contracts) {
      if (contract.availability === null) continue;
      const seen = measured(rows(asOf - burnLooksBackMs - monthMsMax, asOf), contract.sites);
      const facts = { measured: seen, maintenance: covering(maintenance, contract), asOf };
      for (const warning of burnWarnings(contract, facts)) void this.#tell(warning, asOf);
    }
  }

  /** The record comes first: whoever leads next does not say it again. */
  async #tell(warning: BurnWarning, asOf: number): Promise<void> {
    const { records, member, budgetBurning } = this.#deps;
    const at = new Date(Math.round(asOf)).toISOString();
    const key = `reports/burn/${warning.contract}/${at.slice(0, 10)}-${warning.severity}`;
    if (records.has(key)) return;
    await records.add({ key, value: { v: 1, at, by: member, warning } });
    budgetBurning(warning);
  }
}
