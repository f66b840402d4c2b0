/** `baton incident list` and `baton incident show ID`. */
import { ok } from '../../core/result.ts';
import { type Case, caseState } from '../../core/sla/case/case.ts';
import { caseText } from '../../core/sla/case/case-text.ts';
import { recurrences } from '../../core/sla/case/recurrence.ts';
import { tailOf } from '../../core/sla/evidence/diverged-tail.ts';
import { lossSentence } from '../../core/sla/loss-sentence.ts';
import { sourceNote } from '../fallback.ts';
import { renderIncidentList } from '../render-incidents.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { pick, readCases } from './read-cases.ts';
import { readEvidence } from './read-evidence.ts';

/** Newest last. */
export async function incidentList(context: VerbContext): VerbResult {
  const read = await readCases(context);
  if (!read.ok) return read;
  const { source, value } = read.value;
  const { paint } = context.terminal;
  const all = value.cases.map(({ incident }) => incident);
  return ok({
    json: {
      source: source.kind,
      incidents: value.recorded,
      cases: value.cases.map((held) => ({
        incident: held.incident.id,
        state: caseState(held),
        acknowledgedBy: held.acknowledged?.by ?? null,
        signedOffBy: held.signedOff?.by ?? null,
        actionsOpen: held.actions.filter(({ done }) => done === null).length,
        amended: held.amendments.length > 0,
        sameTrigger: recurrences(held.incident, all).before.map(({ id }) => id),
      })),
    },
    text: sourceNote(source, paint) + renderIncidentList(all, paint, (at) => factsOf(value.cases[at], all)),
  });
}

/** What the list says of a case besides its incident. */
function factsOf(held: Case | undefined, all: readonly Case['incident'][]): readonly string[] {
  if (held === undefined) return [];
  const { before } = recurrences(held.incident, all);
  const open = held.actions.filter(({ done }) => done === null).length;
  return [
    ...(before.length === 0 ? [] : [`same trigger as ${before.at(-1)?.id}`]),
    ...(held.entries === 0 ? [] : [caseState(held)]),
    ...(open === 0 ? [] : [`${open} ${open === 1 ? 'action' : 'actions'} open`]),
    ...(held.amendments.length === 0 ? [] : ['amended']),
  ];
}

/** `wanted` is an id, the beginning of one that no other has, or `last`. As amended; what was recorded is in the amendments. */
export async function incidentShow(context: VerbContext, wanted: string): VerbResult {
  const read = await readCases(context);
  if (!read.ok) return read;
  const { source, value } = read.value;
  const found = pick(value.cases, wanted);
  if (!found.ok) return found;
  const { incident, ...held } = found.value;
  const related = recurrences(
    incident,
    value.cases.map((each) => each.incident),
  );
  // An older daemon has none to show, and the incident is what matters.
  const answer = await readEvidence(context, incident.id);
  const evidence = answer.ok ? answer.value.value : [];
  return ok({
    json: {
      ...incident,
      lost: lossSentence(incident, tailOf(incident, evidence)),
      case: { state: caseState(found.value), ...held },
      recurrences: related,
      evidenceFound: evidence.map(({ member, at, moment, parts }) => ({
        ...{ member, at, moment },
        parts: parts.map(({ source: from, lines, cutOff, problem }) => ({
          from,
          lines: lines.length,
          cutOff,
          problem,
        })),
      })),
    },
    text: sourceNote(source, context.terminal.paint) + caseText(found.value, related, evidence),
  });
}
