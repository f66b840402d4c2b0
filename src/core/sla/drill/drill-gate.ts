/** May a drill run now? Each condition is one line, and its refusal one sentence. */
import type { Ms } from '../../units.ts';
import type { Incident } from '../incident.ts';
import { isHandOver } from '../incident.ts';
import { durationText } from '../timeline-text.ts';
import { second } from '../../units.ts';

export interface DrillFacts {
  /** In ms since the epoch. */
  readonly now: number;
  readonly leader: string | null;
  readonly redundant: boolean;
  /** Id of the incident that goes on. */
  readonly openIncident: string | null;
  /** Why automation is held; empty when it is not. */
  readonly held: readonly string[];
  /** Who asked for a change of leader that is not done yet. */
  readonly pendingBy: string | null;
  /** Null for a drill that a person asked for. */
  readonly planned: PlannedDrill | null;
  readonly costMs: Ms;
  readonly budgets: readonly DrillBudget[];
}

export interface PlannedDrill {
  readonly from: number;
  readonly to: number;
  readonly announceMs: Ms;
  /** When its window was put on record; null: it was not. */
  readonly announcedAt: number | null;
  readonly calledOffBy: string | null;
}

export interface DrillBudget {
  readonly contract: string;
  readonly rtoMs: Ms;
  /** Of the availability that was promised; null when none was. */
  readonly leftMs: Ms | null;
  /** Downtime in the window does not count for this contract. */
  readonly excluded: boolean;
}

export type DrillCondition =
  | 'leader-present'
  | 'redundant'
  | 'no-incident'
  | 'automation-not-held'
  | 'no-request-pending'
  | 'announced'
  | 'not-called-off'
  | 'inside-window'
  | 'budget';

/** What may hold a moment later: such a drill is tried again as long as its window lasts. */
const passing: readonly string[] = [
  'leader-present',
  'redundant',
  'no-incident',
  'automation-not-held',
  'no-request-pending',
] satisfies readonly DrillCondition[];
export const mayPass = (condition: string): boolean => passing.includes(condition);

export interface DrillRefusal {
  readonly condition: DrillCondition;
  readonly problem: string;
}

/** The first condition that does not hold; null when the drill may run. */
export function drillRefusal(facts: DrillFacts): DrillRefusal | null {
  const { leader, redundant, openIncident, held, pendingBy } = facts;
  const no = (condition: DrillCondition, problem: string): DrillRefusal => ({ condition, problem });
  if (leader === null) return no('leader-present', 'nobody leads, so there is nothing to hand over');
  if (openIncident !== null) return no('no-incident', `the incident ${openIncident} goes on: a drill would add to it`);
  if (held[0] !== undefined) return no('automation-not-held', `automation is held: ${held[0]}`);
  if (pendingBy !== null)
    return no('no-request-pending', `${pendingBy} has asked for a change of leader, which is not done yet`);
  if (!redundant) return no('redundant', 'the cluster is not redundant: no standby could take over without loss');
  return plannedRefusal(facts) ?? budgetRefusal(facts);
}

function plannedRefusal({ planned, now, costMs }: DrillFacts): DrillRefusal | null {
  if (planned === null) return null;
  const { from, to, announceMs, announcedAt, calledOffBy } = planned;
  if (calledOffBy !== null) return { condition: 'not-called-off', problem: `${calledOffBy} called its window off` };
  if (announcedAt === null || from - announcedAt < announceMs) {
    const when =
      announcedAt === null
        ? 'it was not announced'
        : `it was announced ${durationText(Math.max(0, Math.floor((from - announcedAt) / second) * second))} ahead`;
    return { condition: 'announced', problem: `${when}, and drill.announce asks for ${durationText(announceMs)}` };
  }
  if (now < from || now + costMs > to)
    return {
      condition: 'inside-window',
      problem: `it would not be over by the end of its window, ${new Date(to).toISOString()}`,
    };
  return null;
}

/** Time in a window that was announced early enough costs nothing. */
function budgetRefusal({ budgets, costMs }: DrillFacts): DrillRefusal | null {
  const spent = budgets.find(({ excluded, leftMs }) => !excluded && leftMs !== null && leftMs < costMs);
  if (spent !== undefined && spent.leftMs !== null) {
    const left = spent.leftMs < 0 ? `over by ${durationText(-spent.leftMs)}` : `${durationText(spent.leftMs)} left`;
    return {
      condition: 'budget',
      problem: `the downtime budget of ${spent.contract} is short (${left}), and a drill may cost ${durationText(costMs)}`,
    };
  }
  const strict = budgets.find(({ excluded, rtoMs }) => !excluded && rtoMs < costMs);
  if (strict === undefined) return null;
  return {
    condition: 'budget',
    problem: `${strict.contract} allows an outage of ${durationText(strict.rtoMs)}, and a drill may cost ${durationText(costMs)}`,
  };
}

/** Nobody has seen one yet: what a switchover takes on a slow machine. */
const costUnknownMs: Ms = 5 * second;
const costMsMin: Ms = 1 * second;
const lookedAtMax = 5;

/** What a drill may cost: as long as the longest of the last hand-overs took. */
export function drillCostMs(incidents: readonly Incident[]): Ms {
  const known = incidents
    .filter(({ kind }) => isHandOver(kind))
    .flatMap(({ phases }) => phases.outage ?? [])
    .slice(-lookedAtMax);
  return known.length === 0 ? costUnknownMs : Math.max(costMsMin, ...known);
}
