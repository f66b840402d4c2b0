/** `baton drill run` and `baton drill list`: switchovers that are made to prove that they work. */
import { err, ok, type Result } from '../core/result.ts';
import { type DrillEntry, drillEntries, lastProof } from '../core/sla/drill/drill-entry.ts';
import { durationText } from '../core/sla/timeline-text.ts';
import type { Ms } from '../core/units.ts';
import { drillListSchema } from '../wire/planned-drafts.ts';
import { statusSchema } from '../wire/status.ts';
import { agree } from './agree.ts';
import { ask } from './ask.ts';
import { planChange } from './change-plan.ts';
import { type Failure, refused } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { incidentsOf } from './incidents-of.ts';
import { renderPlan } from './render-change.ts';
import { followRequest } from './request-follow.ts';
import { postChange } from './request-submit.ts';
import { runsIn } from './sla-runs.ts';
import { renderTable } from './table.ts';
import { wrapText } from './terminal.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface DrillOptions {
  readonly candidate: string | null;
  readonly caller: string;
  readonly reason: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly waitLimitMs: Ms;
}

/** Planned like a switchover, and carried out as one; the record calls it a drill. */
export async function drillRun(context: VerbContext, options: DrillOptions): VerbResult {
  const { candidate, caller, reason } = options;
  const status = await ask(context, '/v1/status', statusSchema);
  if (!status.ok) return status;
  const asked = { kind: 'switchover', candidate, allowDataLoss: false, oldPrimaryIsFenced: false } as const;
  const planned = planChange(asked, status.value, null);
  if (!planned.ok) return planned;
  const plan = planned.value;
  if (plan.leader === null || plan.term === null)
    return err(refused('leader-present', 'Nobody leads: there is nothing to hand over.', 'See `baton explain`.'));
  const shown = `${renderPlan(plan, caller, reason, context.terminal.paint)}\n\n${wrapText('It is a drill: it counts against the contracts like any outage, unless maintenance is announced for now, and it is recorded with its verdict.')}`;
  const agreed = await agree(context, options, shown, `Drill: make ${plan.candidate} the primary?`, { plan });
  if (agreed !== null) return agreed;
  const draft = { candidate: plan.candidate, leader: plan.leader, term: plan.term, by: caller, reason };
  const posted = await postChange(context, '/v1/drills', draft);
  if (!posted.ok) return posted;
  const { id } = posted.value;
  if (!options.wait)
    return ok({
      json: { id, state: 'accepted', plan },
      text: `Accepted as request ${id}. \`baton drill list\` shows what came of it.`,
    });
  return followRequest(context, id, plan, options.waitLimitMs);
}

export async function drillList(context: VerbContext): VerbResult {
  const drills = await readDrills(context);
  if (!drills.ok) return drills;
  const { source, value } = drills.value;
  return ok({
    json: { source: source.kind, drills: value },
    text: sourceNote(source, context.terminal.paint) + renderDrills(value),
  });
}

async function readDrills(context: VerbContext): Promise<Result<Sourced<readonly DrillEntry[]>, Failure>> {
  return orFromEtcd<readonly DrillEntry[]>(context, await ask(context, '/v1/drills', drillListSchema), (snapshot) =>
    ok(drillEntries(runsIn(snapshot), incidentsOf(snapshot))),
  );
}

/** Oldest first, so that the newest is next to the prompt; what was not carried out says why. */
export function renderDrills(drills: readonly DrillEntry[]): string {
  if (drills.length === 0)
    return wrapText(
      'No drill is on record. `baton drill run` makes one now; shared.drill has them made on a schedule.',
    );
  const table = renderTable(
    [
      { head: 'WHEN (UTC)' },
      { head: 'RESULT' },
      { head: 'OUTAGE', align: 'right' },
      { head: 'CONTRACTS' },
      { head: 'ASKED BY' },
    ],
    drills.map(({ due, outcome, outageMs, verdicts, askedBy, count }) => [
      due.slice(0, 16).replace('T', ' '),
      count === 1 ? outcome : `${outcome} x${count}`,
      outageMs === null ? '-' : durationText(outageMs),
      verdicts === null ? '-' : verdictText(verdicts),
      askedBy ?? 'schedule',
    ]),
  );
  const reasons = drills
    .filter(({ outcome }) => outcome !== 'done' && outcome !== 'under-way')
    .map(({ due, outcome, says }) => wrapText(`${due.slice(0, 16).replace('T', ' ')} ${outcome}: ${says}`, '  ', '  '));
  const proof = lastProof(drills);
  return [
    table,
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
    ...(proof === null ? [] : ['', wrapText(proof)]),
  ].join('\n');
}

function verdictText(verdicts: NonNullable<DrillEntry['verdicts']>): string {
  const parts = Object.entries(verdicts).filter(([, count]) => count > 0);
  if (parts.length === 0) return 'none in force';
  return parts.map(([kind, count]) => `${count} ${kind === 'breached' ? 'BREACHED' : kind}`).join(', ');
}
