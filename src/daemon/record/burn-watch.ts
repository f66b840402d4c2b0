/**
 * Looks each minute whether a contract's downtime budget is being used up too fast, and writes down when that begins and
 * when it has stopped: people are told from the record.
 */
import { type BurnSeverity, type BurnWarning, burnLooksBackMs, burnWarnings } from '../../core/sla/report/burn.ts';
import { measured } from '../../core/sla/accounting/outage-row.ts';
import type { Ledgered } from '../../core/sla/accounting/report.ts';
import type { Contract } from '../../core/sla/contract.ts';
import { covering } from '../../core/sla/maintenance/announcement.ts';
import type { BurnNews, Standing } from '../../core/sla/notices/news.ts';
import { dayMs, type MonoMs, type Ms, minute } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import { burnKey, burnsOf, formatBurn, formatBurnOver } from '../../wire/burn-record.ts';
import type { Records } from './records.ts';

export interface BurnWatchDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly records: Records;
  readonly journal: Journal;
  readonly ledgered: () => Ledgered;
  /** In the month of that instant, as far as it has come; null where nobody can say. */
  readonly standing: (contract: Contract, at: number) => Standing | null;
}

const lookEveryMs: Ms = 1 * minute;
/** The month in which the longest window begins is accounted whole: the cap of maintenance is a month's. */
const monthMsMax: Ms = 32 * dayMs;
/** Of one contract and urgency in a day. One that goes on is told again the next day. */
const episodesMax = 5;

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
    const asOf = Math.round(clock.wall());
    for (const contract of contracts) {
      if (contract.availability === null) continue;
      const seen = measured(rows(asOf - burnLooksBackMs - monthMsMax, asOf), contract.sites);
      const facts = { measured: seen, maintenance: covering(maintenance, contract), asOf };
      const warnings = burnWarnings(contract, facts);
      const known = burnsOf(this.#deps.records.under(burnKey(contract.id, '')));
      for (const warning of warnings) this.#burns(contract, warning, known, asOf);
      for (const burn of known)
        if (burn.over === null && !warnings.some(({ severity }) => severity === burn.warning.severity))
          this.#stopped(contract, burn, asOf);
    }
  }

  /** The record comes first: whoever leads next does not say it again. */
  #burns(contract: Contract, warning: BurnWarning, known: readonly BurnNews[], asOf: number): void {
    const { records, member, journal } = this.#deps;
    const id = this.#idFor(warning, known, asOf);
    const standing = id === null ? null : this.#deps.standing(contract, asOf);
    if (id === null || standing === null) return;
    void records.add(formatBurn(id, warning, standing, member));
    journal.happened('budget-burning', { ...warning });
  }

  #stopped(contract: Contract, burn: BurnNews, asOf: number): void {
    const { records, member, journal } = this.#deps;
    const standing = this.#deps.standing(contract, asOf);
    if (standing === null) return;
    void records.add(formatBurnOver(burn, standing, member));
    journal.happened('budget-burning-over', { contract: contract.id, burn: burn.id });
  }

  /** Null when it was said today, and has not stopped since. */
  #idFor({ contract, severity }: BurnWarning, known: readonly BurnNews[], asOf: number): string | null {
    const first = `${new Date(asOf).toISOString().slice(0, 10)}-${severity}`;
    const newest = newestOf(known, severity);
    if (newest?.over === null && newest.id.startsWith(first)) return null;
    const ids = Array.from({ length: episodesMax }, (_, n) => (n === 0 ? first : `${first}-${n + 1}`));
    return ids.find((id) => !this.#deps.records.has(burnKey(contract, id))) ?? null;
  }
}

const newestOf = (known: readonly BurnNews[], severity: BurnSeverity): BurnNews | undefined =>
  known.find(({ warning }) => warning.severity === severity);
