/**
 * What the cluster does by itself at set times: its leader claims what is due, carries it out and writes down how it
 * ended. Timers only wake it; what is due, what was missed and what somebody left undone follow from the record.
 */
import { isMine, leading } from '../../core/cluster-queries.ts';
import { absurd } from '../../core/result.ts';
import { mayPass } from '../../core/sla/drill/drill-gate.ts';
import { nextStep, type JobRules, type JobStep } from '../../core/sla/schedule/next-step.ts';
import { type RunClaim, type RunEnd, unhandled } from '../../core/sla/schedule/run.ts';
import {
  JOB_NAMES,
  type JobName,
  type Jobs,
  noJobs,
  type Schedule,
  scheduleOf,
} from '../../core/sla/schedule/schedule.ts';
import { type MonoMs, type Ms, minute, type Revision, second } from '../../core/units.ts';
import type { View } from '../../core/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ticker } from '../../ports/ticker.ts';
import type { DrillDesk } from './drill-desk.ts';
import type { ReportKeeper } from './report-keeper.ts';
import type { RunBook } from './run-book.ts';

export interface ScheduleKeeperDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly ticker: Ticker;
  readonly jobsOf: (configText: string) => Jobs | null;
  readonly book: RunBook;
  readonly reports: ReportKeeper;
  readonly drills: DrillDesk;
}

/** Without a tick. A tick that is lost costs so much lateness. */
const lookEveryMs: Ms = 15 * second;
/** What is due is dealt with in so many steps; the rest at the next look. */
const stepsMax = 20;
/** Two looks: the last one must not come too late to say why. */
const waitEndsBeforeMs: Ms = 2 * lookEveryMs;
const reportBoundMs: Ms = 1 * minute;
const drillBoundMs: Ms = 4 * minute;

export class ScheduleKeeper {
  readonly #deps: ScheduleKeeperDeps;
  readonly #signal: AbortSignal;
  #configText: string | null = null;
  #jobs: Jobs = noJobs;
  #ticking: AbortController | null = null;
  /** Nothing is set: nothing can be due. */
  #idle = true;
  #woken = false;
  #lookedMono: MonoMs | null = null;
  #term: Revision | null = null;
  #looking = false;
  readonly #busy = new Set<JobName>();
  /** The drill that cannot run yet, by when it was due. */
  #waitsFor: number | null = null;

  constructor(deps: ScheduleKeeperDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  sawConfig(text: string): void {
    if (text === this.#configText) return;
    this.#configText = text;
    this.#jobs = this.#deps.jobsOf(text) ?? this.#jobs;
    const schedules = JOB_NAMES.flatMap((job) => scheduleOf(this.#jobs, job) ?? []);
    this.#idle = schedules.length === 0 && JOB_NAMES.every((job) => this.#inForce(job) === null);
    this.#woken = true;
    this.#ticking?.abort();
    this.#ticking = null;
    if (schedules.length === 0) return;
    this.#ticking = new AbortController();
    const signal = AbortSignal.any([this.#ticking.signal, this.#signal]);
    for (const schedule of schedules) this.#deps.ticker.tick(schedule, () => this.#tick(), signal);
  }

  #tick(): void {
    this.#woken = true;
  }

  /** Called each time the loop runs: looks at what is due if this member leads, and somebody may have something to do. */
  consider(view: View): void {
    if (this.#looking || view.coordinator.kind !== 'read') return;
    const { state } = view.coordinator;
    const term = isMine(view, state) && view.postgres.kind === 'primary' ? (leading(state)?.term ?? null) : null;
    const since = this.#lookedMono === null ? lookEveryMs : view.nowMono - this.#lookedMono;
    const due = this.#woken || term !== this.#term || since >= lookEveryMs;
    this.#term = term;
    if (term === null || !due) return;
    this.#woken = false;
    this.#lookedMono = view.nowMono;
    if (this.#idle && !this.#leftUndone()) return;
    this.#looking = true;
    void this.#look(view, term)
      .catch((error: unknown) => this.#say('schedule-failed', { problem: messageOf(error) }))
      .finally(() => {
        this.#looking = false;
      });
  }

  async #look(view: View, term: Revision): Promise<void> {
    for (const job of JOB_NAMES) {
      await this.#deal(job, view, term);
      await this.#setInForce(job, term);
    }
    if (this.#jobs.drill !== null) await this.#deps.drills.announce(this.#jobs.drill, term);
  }

  async #deal(job: JobName, view: View, term: Revision): Promise<void> {
    const { book } = this.#deps;
    for (let steps = 0; steps < stepsMax && !this.#signal.aborted; steps += 1) {
      const runs = book.runs(job);
      const now = this.#now();
      const due = unhandled(job, book.inForce(job), runs, now);
      const step = nextStep(this.#rules(job), { due, runs, busy: this.#busy.has(job), now });
      if (step.kind === 'nothing' || !(await this.#take(job, step, view, term))) return;
    }
  }

  #rules(job: JobName): JobRules {
    if (job === 'reports') return { withinMs: null, boundMs: reportBoundMs, repeatable: true };
    return { withinMs: this.#jobs.drill?.windowMs ?? 0, boundMs: drillBoundMs, repeatable: false };
  }

  /** Whether there may be more to do. */
  async #take(job: JobName, step: JobStep, view: View, term: Revision): Promise<boolean> {
    switch (step.kind) {
      case 'nothing':
        return false;
      case 'miss':
        this.#say('run-missed', { job, due: rfc3339(step.due), from: rfc3339(step.from), count: step.count });
        return this.#deps.book.claim(this.#claim(job, step, 'missed', step.says), term);
      case 'break': {
        const found = this.#deps.drills.foundOf(step.run.claim);
        this.#say('run-broken', { job, due: rfc3339(step.run.claim.due), by: step.run.claim.by });
        await this.#end(step.run.claim, found ?? { outcome: 'broken', says: step.says, incident: null });
        return true;
      }
      case 'finish': {
        const { claim } = step.run;
        await this.#report(claim, `${claim.by} began it and did not finish: `);
        return true;
      }
      case 'run':
        return job === 'reports' ? this.#runReports(step, term) : this.#runDrill(step, view, term);
      default:
        return absurd(step);
    }
  }

  async #runReports(step: Extract<JobStep, { kind: 'run' }>, term: Revision): Promise<boolean> {
    const says = step.count === 1 ? '' : `makes good ${step.count - 1} missed since ${rfc3339(step.from)}`;
    const claim = this.#claim('reports', step, 'begun', says);
    if (!(await this.#deps.book.claim(claim, term))) return false;
    if (step.count > 1) this.#say('run-missed', { job: 'reports', from: rfc3339(step.from), count: step.count - 1 });
    await this.#report(claim, '');
    return true;
  }

  /** One that fails is not ended: it is done again later, as if somebody had begun it and died. */
  async #report(claim: RunClaim, first: string): Promise<void> {
    const says = await this.#deps.reports.make(claim.from, claim.due);
    await this.#end(claim, { outcome: 'done', says: first + says, incident: null });
  }

  async #runDrill(step: Extract<JobStep, { kind: 'run' }>, view: View, term: Revision): Promise<boolean> {
    const plan = this.#jobs.drill;
    if (plan === null) return false;
    const { drills, book } = this.#deps;
    const ready = drills.ready(view, plan, step.due);
    if (ready.kind === 'refused') {
      const details = { due: rfc3339(step.due), condition: ready.condition, problem: ready.problem };
      const now = this.#now();
      // Once more before its window ends; then whoever leads writes down why it came to nothing.
      if (mayPass(ready.condition) && now + waitEndsBeforeMs < step.due + plan.windowMs) {
        if (this.#waitsFor !== step.due) this.#say('drill-waits', details);
        this.#waitsFor = step.due;
        return false;
      }
      this.#say('drill-skipped', details);
      const tried = now - step.due < lookEveryMs ? '' : ', and so it was until the end of its window';
      return book.claim(this.#claim('drill', step, 'skipped', `${ready.problem}${tried}`), term);
    }
    const claim = this.#claim('drill', step, 'begun', '');
    if (!(await book.claim(claim, term))) return false;
    this.#busy.add('drill');
    // It takes as long as a switchover and a rejoin: the look is over meanwhile.
    void drills
      .carryOut(ready.draft, claim)
      .catch((error: unknown) => this.#say('schedule-failed', { problem: messageOf(error) }))
      .finally(() => this.#busy.delete('drill'));
    return false;
  }

  #claim(
    job: JobName,
    { due, from, count }: { readonly due: number; readonly from: number; readonly count: number },
    what: RunClaim['what'],
    says: string,
  ): RunClaim {
    return { job, due, from, count, what, says, at: this.#now(), by: this.#deps.member, askedBy: null };
  }

  async #end({ job, due }: RunClaim, end: Pick<RunEnd, 'outcome' | 'says' | 'incident'>): Promise<void> {
    await this.#deps.book.end({ job, due, at: this.#now(), by: this.#deps.member, ...end });
    this.#say('run-ended', { job, due: rfc3339(due), outcome: end.outcome, says: end.says });
  }

  /** From now on: what was due before by the old one has been dealt with. */
  async #setInForce(job: JobName, term: Revision): Promise<void> {
    const { book, member } = this.#deps;
    const schedule = scheduleOf(this.#jobs, job);
    const known = this.#inForce(job);
    if (known?.text === schedule?.text && known?.timeZone === schedule?.timeZone) return;
    await book.setInForce({ job, at: this.#now(), schedule }, member, term);
  }

  /** A drill that a person asked for, and of which nobody has said how it ended. */
  #leftUndone(): boolean {
    return this.#deps.book.runs('drill').some(({ claim, end }) => claim.what === 'begun' && end === null);
  }

  /** What the record says; null when nothing is scheduled. */
  #inForce(job: JobName): Schedule | null {
    return this.#deps.book.inForce(job).at(-1)?.schedule ?? null;
  }

  #now(): number {
    return Math.round(this.#deps.clock.wall());
  }

  #say(event: string, details: Readonly<Record<string, unknown>>): void {
    this.#deps.journal.happened(event, details);
  }
}

const rfc3339 = (at: number): string => new Date(at).toISOString();
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
