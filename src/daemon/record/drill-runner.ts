/** Carries out a drill: looks whether it may run, asks for the switchover like an operator does, and follows it to its end. */
import type { Account } from '../../core/sla/accounting/account.ts';
import type { Contract } from '../../core/sla/contract.ts';
import { inForce } from '../../core/sla/contract.ts';
import { incidentOfDrill } from '../../core/sla/drill/drill-entry.ts';
import {
  drillCostMs,
  type DrillBudget,
  type DrillRefusal,
  drillRefusal,
  type PlannedDrill,
} from '../../core/sla/drill/drill-gate.ts';
import type { Incident } from '../../core/sla/incident.ts';
import type { Announcement } from '../../core/sla/maintenance/announcement.ts';
import { rulings } from '../../core/sla/maintenance/ruling.ts';
import type { RunEnd } from '../../core/sla/schedule/run.ts';
import { durationText } from '../../core/sla/timeline-text.ts';
import { type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RequestDraft, RequestProgress, SubmitOutcome } from '../../ports/daemon-face.ts';

/** How a drill asks for a change of leader: as an operator does. */
export interface DrillHands {
  submit(draft: RequestDraft): Promise<SubmitOutcome>;
  progress(id: string): RequestProgress;
}

export interface DrillRunnerDeps {
  readonly clock: Clock;
  readonly hands: DrillHands;
  readonly incidents: () => readonly Incident[];
  /** As they stand now. */
  readonly accounts: () => readonly Account[];
  readonly contracts: () => readonly Contract[];
}

/** What the cluster looks like to who decides on a drill. */
export interface DrillScene {
  readonly leader: string | null;
  readonly redundant: boolean;
  readonly openIncident: string | null;
  readonly held: readonly string[];
  readonly pendingBy: string | null;
}

const lookEveryMs: Ms = 250;
/** A request ends by itself within a minute. */
const requestLimitMs: Ms = 75 * second;
/** The incident is over when the cluster is redundant again. */
const incidentLimitMs: Ms = 90 * second;

export class DrillRunner {
  readonly #deps: DrillRunnerDeps;
  readonly #signal: AbortSignal;

  constructor(deps: DrillRunnerDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Null when it may run now. `window`: the announcement that it is part of. */
  refusal(scene: DrillScene, planned: PlannedDrill | null, window: Announcement | null): DrillRefusal | null {
    const { clock, incidents } = this.#deps;
    const now = clock.wall();
    return drillRefusal({
      ...scene,
      now,
      planned,
      costMs: drillCostMs(incidents()),
      budgets: this.#budgets(now, window),
    });
  }

  #budgets(now: number, window: Announcement | null): readonly DrillBudget[] {
    const contracts = this.#deps.contracts().filter((contract) => inForce(contract, now));
    const accounts = this.#deps.accounts();
    const excluded = new Set(
      window === null ? [] : rulings(window, contracts).flatMap((each) => (each.excluded ? [each.contract] : [])),
    );
    return contracts.map(({ id, version, rtoMs }) => ({
      contract: id,
      rtoMs,
      leftMs: accounts.find((each) => each.contract === id && each.contractVersion === version)?.target?.leftMs ?? null,
      excluded: excluded.has(id),
    }));
  }

  /** Asks for it. Null when it was accepted by nobody yet: see the outcome. */
  ask(draft: RequestDraft): Promise<SubmitOutcome> {
    return this.#deps.hands.submit(draft);
  }

  /** Waits until the request is over and its incident is closed; what there is by then is what is said. */
  async follow(requestId: string, begunAt: number): Promise<Pick<RunEnd, 'outcome' | 'says' | 'incident'>> {
    const over = await this.#until(requestLimitMs, () => {
      const progress = this.#deps.hands.progress(requestId);
      return progress.kind === 'done' || progress.kind === 'failed' ? progress : null;
    });
    if (over === null)
      return {
        outcome: 'failed',
        says: `the switchover was not over within ${durationText(requestLimitMs)}`,
        incident: null,
      };
    if (over.kind === 'failed') return { outcome: 'failed', says: over.problem, incident: null };
    const closed = await this.#until(incidentLimitMs, () => {
      const found = incidentOfDrill(this.#deps.incidents(), begunAt);
      return found?.state === 'closed' ? found : null;
    });
    return drillEnd(closed ?? incidentOfDrill(this.#deps.incidents(), begunAt), over.leader);
  }

  /** What there is of a drill whose beginner never said how it ended; null when there is nothing. */
  foundOf(begunAt: number): Pick<RunEnd, 'outcome' | 'says' | 'incident'> | null {
    const found = incidentOfDrill(this.#deps.incidents(), begunAt);
    return found?.newLeader == null ? null : drillEnd(found, found.newLeader.member);
  }

  async #until<T>(limitMs: Ms, look: () => T | null): Promise<T | null> {
    const { clock } = this.#deps;
    const began = clock.mono();
    for (;;) {
      const found = look();
      if (found !== null || this.#signal.aborted || clock.mono() - began >= limitMs) return found;
      await clock.sleep(lookEveryMs, this.#signal).catch(() => undefined);
    }
  }
}

function drillEnd(incident: Incident | null, leader: string): Pick<RunEnd, 'outcome' | 'says' | 'incident'> {
  const outageMs = incident?.phases.outage ?? null;
  const away =
    outageMs === null
      ? 'nobody measured for how long the service was away'
      : `the service was away for ${durationText(outageMs)}`;
  return { outcome: 'done', says: `${leader} leads; ${away}`, incident: incident?.id ?? null };
}
