/**
 * The sites and contracts that rule. Whoever leads puts what a configuration brings on record; every member, and an
 * observer, goes by what is on record there.
 */
import type { Promises } from '../../core/sla/contract.ts';
import { type ContractProblem, contractsInForce, sentenceOf } from '../../core/sla/contracts-in-force.ts';
import { termsToRecord } from '../../core/sla/terms-on-record.ts';
import { after, type MonoMs, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Log } from '../../ports/log.ts';
import { contractKeyPrefix, formatEnd, formatTerms, parseContracts } from '../../wire/contract-record.ts';
import type { KeptRecord } from '../../wire/kept-record.ts';
import type { Records } from './records.ts';

export interface ContractKeeperDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Log;
  readonly records: Records;
  /** Sites and contracts of a shared configuration, as text from etcd; null when it cannot be read. */
  readonly promisesOf: (configText: string) => Promises | null;
}

const retryAfterMs: Ms = 10 * second;
/** Told of once each; a configuration that changes for ever does not fill the memory. */
const toldMax = 1_000;

export class ContractKeeper {
  readonly #deps: ContractKeeperDeps;
  #configText: string | null = null;
  /** Null until a configuration could be read: none is no reason to take anything for taken out. */
  #configured: Promises | null = null;
  #inForce: Promises = { sites: [], contracts: [] };
  #problems: readonly ContractProblem[] = [];
  /** By key. */
  readonly #notKept = new Map<string, ContractProblem>();
  #seen = '';
  #isDue = true;
  #retryMono: MonoMs | null = null;
  readonly #told = new Set<string>();

  constructor(deps: ContractKeeperDeps) {
    this.#deps = deps;
  }

  get promises(): Promises {
    return this.#inForce;
  }

  /** One sentence each, with the key and what to do. */
  problems(): readonly string[] {
    return [...this.#problems, ...this.#notKept.values()].map(sentenceOf);
  }

  /** After the records have seen it. */
  sawSnapshot({ entries }: Snapshot): void {
    const config = entries.get('config')?.value ?? null;
    if (config !== null && config !== this.#configText) {
      this.#configText = config;
      this.#configured = this.#deps.promisesOf(config) ?? this.#configured;
      this.#seen = '';
    }
    this.#look();
  }

  /** The loop ran. `leads`: this member has the leader key, on its own lease. */
  considered(leads: boolean): void {
    const { clock } = this.#deps;
    if (!leads || !this.#isDue || this.#configured === null) return;
    if (this.#retryMono !== null && clock.mono() < this.#retryMono) return;
    this.#retryMono = after(clock.mono(), retryAfterMs);
    void this.#record(this.#configured);
  }

  async #record({ contracts }: Promises): Promise<void> {
    const { clock, journal, member } = this.#deps;
    const now = Math.round(clock.wall());
    const due = termsToRecord(contracts, this.#onRecord(), now);
    const made = [
      ...due.ends.map((end) => formatEnd(end, now, member)),
      ...due.terms.map((terms) => formatTerms(terms, now, member)),
    ];
    // They are known here at once, all of one configuration together; the disk and etcd follow.
    const kept = Promise.all(made.map((record) => this.#keep(record)));
    this.#look();
    if (made.length > 0) journal.happened('terms-recorded', { keys: made.map(({ key }) => key) });
    await kept;
  }

  async #keep(record: KeptRecord): Promise<void> {
    const kept = await this.#deps.records.add(record);
    if (kept.ok) this.#notKept.delete(record.key);
    else {
      const problem = { path: record.key, problem: `its terms may be lost: ${kept.error}`, mend: 'see the reason' };
      this.#notKept.set(record.key, problem);
      this.#tell(problem);
    }
  }

  #onRecord() {
    const { records } = this.#deps;
    return parseContracts(records.under(contractKeyPrefix), records.unreadable());
  }

  /** Only what changed is counted again: a snapshot of every revision comes by here. */
  #look(): void {
    const { clock, records } = this.#deps;
    const seen = `${records.changes} ${records.unreadable().join()}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    const now = Math.round(clock.wall());
    const onRecord = this.#onRecord();
    const configured = this.#configured;
    if (configured === null) return;
    const { contracts, problems } = contractsInForce(configured.contracts, onRecord, now);
    const due = termsToRecord(configured.contracts, onRecord, now);
    this.#isDue = due.terms.length + due.ends.length > 0;
    this.#inForce = { sites: configured.sites, contracts };
    this.#problems = problems;
    for (const each of problems) this.#tell(each);
  }

  #tell(problem: ContractProblem): void {
    const { journal, log } = this.#deps;
    const text = JSON.stringify(problem);
    if (this.#told.has(text) || this.#told.size >= toldMax) return;
    this.#told.add(text);
    log.warn('a contract does not rule as it is configured', { ...problem });
    journal.happened('contract-not-as-configured', { ...problem });
  }
}
