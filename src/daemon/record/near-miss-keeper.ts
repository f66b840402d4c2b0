/** Keeps near misses: on this disk, in etcd, on every other disk, and never more of them than a bad night is worth. */
import type { NearMiss as WriteDoubt } from '../../core/sla/recorder-fact.ts';
import { limitsOf } from '../../core/doubt/limits.ts';
import type { NearMiss } from '../../core/sla/near-miss/near-miss.ts';
import {
  emptyNearMissLog,
  gathered,
  type Logged,
  waitingIn,
  withNearMiss,
} from '../../core/sla/near-miss/near-miss-log.ts';
import { wallMs } from '../../core/units.ts';
import type { View } from '../../core/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import { formatNearMiss, nearMissKeyPrefix, nearMissRecord, parseNearMiss } from '../../wire/near-miss.ts';
import type { Records } from './records.ts';

export interface NearMissKeeperDeps {
  readonly cluster: string;
  readonly member: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly records: Records;
  /** An outage is being recorded: what is doubted meanwhile belongs to it. */
  readonly outage: (view: View) => boolean;
}

export class NearMissKeeper {
  readonly #deps: NearMissKeeperDeps;
  #log = emptyNearMissLog;

  constructor(deps: NearMissKeeperDeps) {
    this.#deps = deps;
  }

  /** Probe writes failed for a while, and nothing else spoke against the leader. */
  wroteAgain({ sinceMono, lastedMs, headroomMs }: WriteDoubt, about: string, view: View): void {
    if (this.#deps.outage(view)) return;
    const lasted = Math.round(lastedMs);
    const at = wallMs(Math.round(view.nowWall - (view.nowMono - sinceMono)));
    this.keep({
      ...{ cluster: this.#deps.cluster, about, seenBy: this.#deps.member, as: 'client', at, lastedMs: lasted },
      ...{ signs: ['writes-fail'], rule: 'write-probe-failing', headroomMs: Math.round(headroomMs) },
      closestAfterMs: lasted,
      limits: limitsOf(view.policy),
      ...{ count: 1, from: at, until: wallMs(at + lasted), longestMs: lasted },
    });
  }

  /** The journal has each of them; the record has those alike as one. */
  keep(miss: NearMiss): void {
    this.#deps.journal.happened('near-miss', { ...formatNearMiss(miss) });
    this.#take(withNearMiss(this.#log, miss, this.#deps.clock.mono()));
  }

  /** The loop ran: what has waited long enough is written down. */
  considered(): void {
    if (this.#log.size > 0) this.#take(gathered(this.#log, this.#deps.clock.mono()));
  }

  #take({ log, due }: Logged): void {
    this.#log = log;
    for (const miss of due) this.#write(miss);
  }

  /** What neither disk nor etcd takes for now goes on being tried (records.ts). */
  #write(miss: NearMiss): void {
    const record = nearMissRecord(miss);
    this.#deps.records.add(record).then(
      (kept) => {
        if (!kept.ok) this.#deps.journal.happened('near-miss-not-kept', { key: record.key, problem: kept.error });
      },
      (error: unknown) => this.#deps.journal.happened('near-miss-not-kept', { problem: String(error) }),
    );
  }

  /** Of every member, oldest first; with what waits here to be written down. */
  nearMisses(): readonly NearMiss[] {
    const kept = this.#deps.records.under(nearMissKeyPrefix).flatMap((record) => parseNearMiss(record) ?? []);
    return [...kept, ...waitingIn(this.#log)].toSorted((one, other) => one.until - other.until);
  }

  /** Batond ends: what waits is written down as it is. */
  close(): void {
    for (const miss of waitingIn(this.#log)) this.#write(miss);
    this.#log = emptyNearMissLog;
  }
}
