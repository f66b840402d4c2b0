/** Where drills are asked for: by the schedule, which announces them first, and by people. */
import { automaticSuccessor } from '../../core/successor.ts';
import type { Promises } from '../../core/sla/contract.ts';
import { type DrillEntry, drillEntries } from '../../core/sla/drill/drill-entry.ts';
import type { PlannedDrill } from '../../core/sla/drill/drill-gate.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { type Announcement, inWindow } from '../../core/sla/maintenance/announcement.ts';
import { dueInstants } from '../../core/sla/schedule/due-instants.ts';
import type { RunClaim, RunEnd } from '../../core/sla/schedule/run.ts';
import type { DrillPlan } from '../../core/sla/schedule/schedule.ts';
import { statusOf } from '../../core/status.ts';
import { memberName, minute, type Ms, type Revision, second } from '../../core/units.ts';
import type { View } from '../../core/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RequestDraft, SubmitOutcome } from '../../ports/daemon-face.ts';
import type { DrillDraft } from '../../ports/planned-face.ts';
import type { DrillRunner, DrillScene } from './drill-runner.ts';
import type { MaintenanceKeeper } from './maintenance-keeper.ts';
import type { RunBook } from './run-book.ts';

export interface DrillDeskDeps {
  readonly cluster: string;
  readonly member: string;
  readonly clock: Clock;
  readonly book: RunBook;
  readonly runner: DrillRunner;
  readonly maintenance: MaintenanceKeeper;
  readonly incidents: () => readonly Incident[];
  readonly promises: () => Promises;
}

/** A contract's notice must have passed when the window begins: announced on the dot is a moment too late. */
const earlierMs: Ms = 60 * minute;
/** An outage is counted from the last good write, which is a moment older than the drill. */
const lastGoodMs: Ms = 5 * second;
/** Windows that are announced ahead of each other. */
const announcedMax = 10;
const bySchedule = 'the drill schedule';

export type DrillReady =
  | { readonly kind: 'ready'; readonly draft: RequestDraft }
  | { readonly kind: 'refused'; readonly condition: string; readonly problem: string };

export class DrillDesk {
  readonly #deps: DrillDeskDeps;

  constructor(deps: DrillDeskDeps) {
    this.#deps = deps;
  }

  entries(): readonly DrillEntry[] {
    return drillEntries(this.#deps.book.runs('drill'), this.#deps.incidents());
  }

  /** Every drill of the plan whose time to be announced has come, and that is not announced yet. */
  async announce({ schedule, windowMs, announceMs }: DrillPlan, term: Revision): Promise<void> {
    const { clock, maintenance } = this.#deps;
    const now = clock.wall();
    const known = new Set(maintenance.announcements().map(({ id }) => id));
    for (const due of dueInstants(schedule, now, now + announceMs + earlierMs, announcedMax)) {
      const id = windowId(due);
      if (known.has(id)) continue;
      const reason = 'a drill: the primary is moved as planned, to prove that it works';
      const draft = {
        from: due - lastGoodMs,
        to: due + windowMs,
        contracts: null,
        sites: null,
        by: bySchedule,
        reason,
      };
      await maintenance.announceAs(id, draft, term);
    }
  }

  /** Whether the drill that is due may run now, and how it is asked for. */
  ready(view: View, { windowMs, announceMs, candidate }: DrillPlan, due: number): DrillReady {
    const window = this.#window(due);
    const planned: PlannedDrill = {
      from: due,
      to: due + windowMs,
      announceMs,
      announcedAt: window?.announcedAt ?? null,
      calledOffBy: window?.cancelledBy ?? null,
    };
    const refusal = this.#deps.runner.refusal(this.#scene(view), planned, window);
    if (refusal !== null) return { kind: 'refused', ...refusal };
    const state = view.coordinator.kind === 'read' ? view.coordinator.state : null;
    const best = state === null ? null : automaticSuccessor(view, state);
    const member = candidate === null ? (best?.name ?? null) : memberName(candidate);
    const { leader, term } = statusOf(this.#deps.cluster, view, [], this.#deps.promises());
    if (member === null || leader === null || term === null)
      return { kind: 'refused', condition: 'redundant', problem: 'no standby is ready to take over now' };
    if (member === leader)
      return {
        kind: 'refused',
        condition: 'candidate-is-not-leader',
        problem: `${member}, drill.candidate, leads already`,
      };
    const reason = `the drill of ${new Date(due).toISOString()}`;
    return {
      kind: 'ready',
      draft: requestOf({
        candidate: member,
        leader: memberName(leader),
        term: term as DrillDraft['term'],
        by: bySchedule,
        reason,
      }),
    };
  }

  #window(due: number): Announcement | null {
    return this.#deps.maintenance.announcements().find(({ id }) => id === windowId(due)) ?? null;
  }

  #scene(view: View): DrillScene {
    const status = statusOf(this.#deps.cluster, view, this.#deps.incidents(), this.#deps.promises());
    const request = view.coordinator.kind === 'read' ? view.coordinator.state.request : null;
    return {
      leader: status.leader,
      redundant: status.redundant,
      openIncident: status.incident?.id ?? null,
      held: status.held,
      pendingBy: request?.kind === 'present' ? request.value.by : null,
    };
  }

  /** For one that is claimed: asks, follows it and writes down how it ended. */
  async carryOut(draft: RequestDraft, claim: RunClaim): Promise<void> {
    const asked = await this.#deps.runner.ask(draft);
    await this.#follow(asked, claim);
  }

  async #follow(asked: SubmitOutcome, claim: RunClaim): Promise<void> {
    const end =
      asked.kind === 'accepted'
        ? await this.#deps.runner.follow(asked.id, claim.at)
        : { outcome: 'failed' as const, says: asked.problem, incident: null };
    const { clock, member, book } = this.#deps;
    await book.end({ job: claim.job, due: claim.due, at: Math.round(clock.wall()), by: member, ...end });
  }

  /** What a person asked for: now, if it may run. The outcome is that of the request; its id is the request's. */
  async run(view: View, draft: DrillDraft, failed: (error: unknown) => void): Promise<SubmitOutcome> {
    const window = inWindow(this.#deps.maintenance.announcements(), this.#deps.clock.wall());
    const refusal = this.#deps.runner.refusal(this.#scene(view), null, window);
    if (refusal !== null) return { kind: 'refused', ...refusal };
    const { book, clock, member, runner } = this.#deps;
    const now = Math.round(clock.wall());
    const claim: RunClaim = {
      job: 'drill',
      due: now,
      from: now,
      count: 1,
      at: now,
      by: member,
      what: 'begun',
      askedBy: draft.by,
      says: draft.reason,
    };
    if (!(await book.claim(claim, draft.term)))
      return {
        kind: 'refused',
        condition: 'leader-unchanged',
        problem: 'the leader changed meanwhile, or etcd does not answer: look at baton status',
      };
    const asked = await runner.ask(requestOf(draft));
    void this.#follow(asked, claim).catch(failed);
    return asked;
  }

  foundOf({ at }: RunClaim): Pick<RunEnd, 'outcome' | 'says' | 'incident'> | null {
    return this.#deps.runner.foundOf(at);
  }
}

const windowId = (due: number): string => `drill-${new Date(due).toISOString().slice(0, 19).replaceAll(':', '')}`;

const requestOf = ({ candidate, leader, term, by, reason }: DrillDraft): RequestDraft => ({
  kind: 'switchover',
  candidate,
  leader,
  term,
  by,
  reason,
  allowDataLoss: false,
  oldPrimaryIsFenced: false,
});
