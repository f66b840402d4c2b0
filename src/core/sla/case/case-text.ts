/** A case for people: the incident first, then what came of it. 80 columns, plain ASCII. */
import type { EvidenceBundle } from '../evidence/bundle.ts';
import { tailOf } from '../evidence/diverged-tail.ts';
import { evidenceLines, silenceText } from '../evidence/evidence-text.ts';
import { lossSentence } from '../loss-sentence.ts';
import { durationText, incidentText } from '../timeline-text.ts';
import { wrapped } from '../text-layout.ts';
import { verdictLines, worstFirst } from '../verdict-text.ts';
import { asJudged } from './as-judged.ts';
import { type Case, caseState, openQuestions } from './case.ts';
import { happenings } from './happenings.ts';
import { recurrenceSentence, type Recurrences } from './recurrence.ts';

/**
 * Ends without a line break. Of an incident to which nobody added anything, that came once, and of which no host has
 * evidence, it is the incident.
 */
export function caseText(held: Case, related: Recurrences, evidence: readonly EvidenceBundle[] = []): string {
  const { incident } = held;
  const tail = tailOf(incident, evidence);
  const silence = silenceText(incident, evidence);
  return [
    incidentText(incident),
    ...(tail === null ? [] : ['', ...wrapped(lossSentence(incident, tail), 0)]),
    ...recurrence(related),
    ...(held.entries === 0 ? [] : people(held)),
    ...section('Found on the hosts, to be read with `baton incident evidence`', [
      ...evidenceLines(evidence),
      ...(silence === '' ? [] : wrapped(silence, 4, '  ')),
    ]),
  ].join('\n');
}

function recurrence(related: Recurrences): readonly string[] {
  const sentence = recurrenceSentence(related);
  if (sentence === '') return [];
  return [
    '',
    ...wrapped(sentence, 0),
    ...related.before.map(({ id, daysApart }) => `  ${id}  ${days(daysApart)} before`),
    ...related.after.map(({ id, daysApart }) => `  ${id}  ${days(daysApart)} after`),
  ];
}

const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`);

function people(held: Case): readonly string[] {
  const questions = held.signedOff === null ? openQuestions(held) : [];
  return [
    '',
    `Case: ${caseState(held)}`,
    ...happenings(held).flatMap(({ at, by, did, said }) =>
      wrapped(`${by} ${did}${said === '' ? '' : `: ${said}`}`, 6, `  ${at.slice(0, 19).replace('T', ' ')}  `),
    ),
    ...section('Cause', cause(held)),
    ...section('Actions', actions(held)),
    ...section(
      'Before it can be signed off',
      questions.flatMap((question) => wrapped(question, 4, '  - ')),
    ),
    ...held.amendments.flatMap((amendment) => verdictsBefore(held, amendment)),
    ...section(
      'Out of place: written at the same moment as something that forbids it, and without effect',
      held.outOfPlace.flatMap(({ entry: { at, by, what }, why }) =>
        wrapped(`${at} ${by}: ${what.kind}: ${why}`, 4, '  '),
      ),
    ),
  ];
}

const cause = ({ cause: given }: Case): readonly string[] =>
  given === null
    ? []
    : [
        ...wrapped(given.trigger, 14, '  trigger     '),
        ...wrapped(given.rootCause, 14, '  root cause  '),
        ...given.factors.flatMap((factor) => wrapped(factor, 14, '  factor      ')),
      ];

const actions = ({ actions: all }: Case): readonly string[] =>
  all.flatMap(({ number, text, owner, due, done }) =>
    wrapped(
      `${done === null ? `OPEN, due ${due}` : `done ${done.at.slice(0, 10)}`}, ${owner}: ${text}`,
      6,
      `  ${number}   `,
    ),
  );

function verdictsBefore(held: Case, { at, by, verdictsBefore: before, notRecomputed }: Case['amendments'][number]) {
  if (before === null) return [];
  return section(`What the contracts said before ${by} amended it at ${at.slice(0, 19)}Z`, [
    ...worstFirst(before).flatMap((verdict) => verdictLines(verdict, asJudged(held.incident, verdict), durationText)),
    ...(notRecomputed.length === 0
      ? []
      : wrapped(`Not configured any more, so what they said stands: ${notRecomputed.join('; ')}.`, 2, '  ')),
  ]);
}

const section = (head: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', ...wrapped(head, 0), ...lines];
