/** Keeps announced maintenance: checks what somebody wants to announce, and writes it down with the instant of it. */
import type { Promises } from '../../core/sla/contract.ts';
import { type Announcement, announcementsOf, type MaintenanceRecord } from '../../core/sla/maintenance/announcement.ts';
import { announcementProblem } from '../../core/sla/maintenance/announcement-check.ts';
import type { Revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator } from '../../ports/coordinator.ts';
import type { SubmitOutcome } from '../../ports/daemon-face.ts';
import type { CancelDraft, MaintenanceDraft } from '../../ports/planned-face.ts';
import { formatMaintenance, maintenanceKeyPrefix, parseMaintenance } from '../../wire/maintenance-records.ts';
import { FirstRecord } from './first-record.ts';
import type { Records } from './records.ts';

export interface MaintenanceKeeperDeps {
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly records: Records;
  /** A few random characters. */
  readonly newId: () => string;
  readonly promises: () => Promises;
}

export class MaintenanceKeeper {
  readonly #deps: MaintenanceKeeperDeps;
  readonly #first: FirstRecord;

  constructor(deps: MaintenanceKeeperDeps) {
    this.#deps = deps;
    this.#first = new FirstRecord(deps.coordinator, deps.records);
  }

  announcements(): readonly Announcement[] {
    const records = this.#deps.records.under(maintenanceKeyPrefix);
    return announcementsOf(records.flatMap((record) => parseMaintenance(record) ?? []));
  }

  async announce(draft: MaintenanceDraft): Promise<SubmitOutcome> {
    const now = this.#now();
    const refused = announcementProblem(draft, this.#deps.promises(), now);
    if (refused !== null) return { kind: 'refused', ...refused };
    const day = new Date(draft.from).toISOString().slice(0, 10);
    const id = `${day}-${this.#deps.newId().slice(0, 4)}`;
    return this.#keep(this.#announced(id, now, draft), draft.reason);
  }

  /** By the leader, for a window that follows from a schedule: under a name of its own, so that it is announced once. */
  async announceAs(id: string, draft: MaintenanceDraft, term: Revision): Promise<void> {
    await this.#first.write(formatMaintenance(this.#announced(id, this.#now(), draft), draft.reason), term);
  }

  #announced(id: string, at: number, { from, to, contracts, sites, by, reason }: MaintenanceDraft): MaintenanceRecord {
    return { kind: 'announced', id, at, by, from, to, contracts, sites, reason };
  }

  async cancel({ id, by, reason }: CancelDraft): Promise<SubmitOutcome> {
    const known = this.announcements().find((each) => each.id === id);
    const refused = (condition: string, problem: string): SubmitOutcome => ({ kind: 'refused', condition, problem });
    if (known === undefined)
      return refused('announced', `no maintenance ${id} is announced: baton maintenance list shows what is`);
    if (known.cancelledAt !== null)
      return refused('not-cancelled', `${id} was called off by ${known.cancelledBy ?? 'somebody'} already`);
    const now = this.#now();
    if (known.to <= now) return refused('not-over', `${id} was over at ${new Date(known.to).toISOString()}`);
    return this.#keep({ kind: 'cancelled', id, at: now, by }, reason);
  }

  async #keep(record: MaintenanceRecord, reason: string): Promise<SubmitOutcome> {
    const kept = await this.#deps.records.add(formatMaintenance(record, reason));
    if (kept.ok) return { kind: 'accepted', id: record.id };
    return { kind: 'unknown', problem: `it may be lost: ${kept.error}` };
  }

  #now(): number {
    return Math.round(this.#deps.clock.wall());
  }
}
