/**
 * The record of scheduled runs. A run is claimed in etcd by one transaction, which holds only while the same member
 * leads and nobody has claimed that instant: so each is carried out once, whoever leads.
 */
import { type InForce, type Run, type RunClaim, type RunEnd, runsOf } from '../../core/sla/schedule/run.ts';
import { JOB_NAMES, type JobName } from '../../core/sla/schedule/schedule.ts';
import type { Revision } from '../../core/units.ts';
import type { Coordinator } from '../../ports/coordinator.ts';
import {
  formatClaim,
  formatEnd,
  formatInForce,
  inForceKeyPrefix,
  parseInForce,
  parseRun,
  runKeyPrefix,
} from '../../wire/run-records.ts';
import { FirstRecord } from './first-record.ts';
import type { Records } from './records.ts';

/** Of those that are shown. */
const shownMax = 300;

export class RunBook {
  readonly #first: FirstRecord;
  readonly #records: Records;

  constructor(coordinator: Coordinator, records: Records) {
    this.#first = new FirstRecord(coordinator, records);
    this.#records = records;
  }

  /** Oldest first. */
  runs(job: JobName): readonly Run[] {
    const records = this.#records.under(`${runKeyPrefix}${job}/`).flatMap((record) => parseRun(record) ?? []);
    return runsOf(
      records.flatMap((record) => (record.kind === 'claim' ? [record.claim] : [])),
      records.flatMap((record) => (record.kind === 'end' ? [record.end] : [])),
    );
  }

  /** Of all jobs, by when they were due. */
  newest(): readonly Run[] {
    return JOB_NAMES.flatMap((job) => this.runs(job))
      .toSorted((one, other) => one.claim.due - other.claim.due)
      .slice(-shownMax);
  }

  inForce(job: JobName): readonly InForce[] {
    const records = this.#records.under(`${inForceKeyPrefix}${job}/`);
    return records.flatMap((record) => parseInForce(record) ?? []).toSorted((one, other) => one.at - other.at);
  }

  /** Whether it is ours. False also when etcd did not say: then the record shows it, if it was taken. */
  claim(claim: RunClaim, term: Revision): Promise<boolean> {
    return this.#first.write(formatClaim(claim), term);
  }

  setInForce(inForce: InForce, by: string, term: Revision): Promise<boolean> {
    return this.#first.write(formatInForce(inForce, by), term);
  }

  /** What it says survives this daemon, or the error of `Records.add` is thrown. */
  async end(end: RunEnd): Promise<void> {
    const kept = await this.#records.add(formatEnd(end));
    if (!kept.ok) throw new Error(kept.error);
  }
}
