/** What an exported incident says, in order, before anybody decides how it looks: Markdown and HTML say the same. */
import { asJudged } from '../case/as-judged.ts';
import { caseState, openQuestions } from '../case/case.ts';
import { happenings } from '../case/happenings.ts';
import { recurrenceSentence } from '../case/recurrence.ts';
import { silenceText } from '../evidence/evidence-text.ts';
import { type Incident, INSTANT_NAMES, type Verdict } from '../incident.ts';
import { listed, thousands } from '../text-layout.ts';
import { doubtText, durationText, meaningOf, measurement, placeText, signed, summary } from '../timeline-text.ts';
import { LABELS, measureText, worstFirst } from '../verdict-text.ts';
import type { IncidentExport } from './incident-export.ts';

/** Texts are as people and daemons wrote them: whoever renders them escapes them. */
export type Block =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** The one that must not be overlooked. */
  | { readonly kind: 'strong'; readonly text: string }
  /** Lines of a log, as they stood there. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /** The drawing of the phases. */
  | { readonly kind: 'timeline' };

export function blocksOf(document: IncidentExport): readonly Block[] {
  const { incident } = document.case;
  return [
    { kind: 'title', text: `Incident ${incident.id}` },
    { kind: 'paragraph', text: `${incident.cluster}: ${incident.kind}, ${wayOf(incident)}, ${incident.state}.` },
    { kind: 'strong', text: document.lost },
    { kind: 'paragraph', text: summary(incident) },
    ...document.statements.map(
      ({ timeZone, text, loss }): Block => ({
        kind: 'paragraph',
        text: `For the public, a draft (times in ${timeZone}): ${text} ${loss}`,
      }),
    ),
    ...recurrence(document),
    { kind: 'heading', text: 'Timeline' },
    { kind: 'timeline' },
    instants(incident),
    phases(incident),
    { kind: 'paragraph', text: measurement(incident) },
    { kind: 'heading', text: 'Sites and contracts' },
    { kind: 'paragraph', text: sites(incident) },
    ...verdicts(incident, incident.verdicts),
    { kind: 'heading', text: 'What failed' },
    {
      kind: 'paragraph',
      text: `${incident.trigger}${incident.rule === null ? '' : `, declared by the rule ${incident.rule}`}: ${incident.because}`,
    },
    ...list(incident.evidence.map(({ id, says }) => `${id}: ${says}`)),
    ...people(document),
    ...amendments(document),
    ...found(document),
    ...proof(document),
  ];
}

function wayOf({ oldLeader, newLeader }: Incident): string {
  const moved = newLeader !== null && newLeader.member !== oldLeader?.member;
  return moved ? `${placeText(oldLeader)} to ${placeText(newLeader)}` : placeText(oldLeader);
}

const list = (items: readonly string[]): readonly Block[] => (items.length === 0 ? [] : [{ kind: 'list', items }]);

function recurrence({ recurrences }: IncidentExport): readonly Block[] {
  const sentence = recurrenceSentence(recurrences);
  if (sentence === '') return [];
  const items = [
    ...recurrences.before.map(({ id, daysApart }) => `${id}, ${daysApart} days before`),
    ...recurrences.after.map(({ id, daysApart }) => `${id}, ${daysApart} days after`),
  ];
  return [
    { kind: 'paragraph', text: sentence },
    { kind: 'list', items },
  ];
}

const instants = (incident: Incident): Block => ({
  kind: 'table',
  head: ['instant', 'what', 'when (UTC)', 'after t0', 'how sure', 'shown by'],
  rows: INSTANT_NAMES.map((name) => {
    const instant = incident.instants[name];
    const what = meaningOf(incident, name);
    return instant === null
      ? [name, what, 'not seen', '', '', '']
      : [
          ...[name, what, instant.wall, instant.monoMs === null ? '' : `${signed(instant.monoMs)} ms`],
          ...[doubtText(name, instant) || 'measured', instant.by],
        ];
  }),
});

const phases = ({ phases: lengths }: Incident): Block => ({
  kind: 'table',
  head: ['phase', 'from, to', 'milliseconds'],
  rows: (
    [
      ['detection', 't0 to t2'],
      ['decision', 't2 to t3'],
      ['promotion', 't3 to t6'],
      ['routing', 't6 to t7'],
      ['outage', 't0 to t7'],
      ['exposure', 't7 to t8'],
    ] as const
  ).map(([name, ends]) => {
    const length = lengths[name];
    return [name, ends, length === null ? 'not known' : `${thousands(length)} (${durationText(length)})`];
  }),
});

function sites({ affectedSites }: Incident): string {
  if (affectedSites.length === 0) return 'No site was without it.';
  const [{ downFrom, downUntil } = { downFrom: null, downUntil: null }] = affectedSites;
  return `Without it from ${downFrom ?? 'a time that is not known'} until ${downUntil ?? 'a time that is not known'}: ${listed(affectedSites.map(({ name }) => name))}.`;
}

const verdicts = (incident: Incident, said: readonly Verdict[]): readonly Block[] =>
  said.length === 0
    ? []
    : [
        {
          kind: 'table',
          head: ['verdict', 'customer', 'contract', 'compared'],
          rows: worstFirst(said).map((verdict) => [
            LABELS[verdict.outcome.kind],
            verdict.customer,
            `${verdict.contract}, version ${verdict.contractVersion}`,
            [
              ...(verdict.outcome.kind === 'excluded' ? [verdict.outcome.why] : []),
              ...verdict.measures.map((measure) => measureText(measure, incident.phases.outage, durationText)),
            ].join('; '),
          ]),
        },
      ];

function people({ case: held }: IncidentExport): readonly Block[] {
  const { cause, actions } = held;
  const questions = held.signedOff === null ? openQuestions(held) : [];
  return [
    { kind: 'heading', text: 'What people added' },
    { kind: 'paragraph', text: `State of the case: ${caseState(held)}.` },
    ...(cause === null
      ? []
      : list([
          `Trigger: ${cause.trigger}`,
          `Root cause: ${cause.rootCause}`,
          ...cause.factors.map((factor) => `Contributing factor: ${factor}`),
        ])),
    ...(actions.length === 0
      ? []
      : [
          {
            kind: 'table',
            head: ['action', 'what', 'owner', 'due', 'done'],
            rows: actions.map(({ number, text, owner, due, done }) => [
              ...[String(number), text, owner, due],
              done === null ? 'no' : `${done.at}, ${done.by}`,
            ]),
          } as const,
        ]),
    ...(held.entries === 0
      ? []
      : [
          {
            kind: 'table',
            head: ['when (UTC)', 'who', 'did', 'and said'],
            rows: happenings(held).map(({ at, by, did, said }) => [at, by, did, said]),
          } as const,
        ]),
    ...(questions.length === 0 ? [] : [{ kind: 'paragraph', text: 'Before it can be signed off:' } as const]),
    ...list(questions),
    ...list(
      held.outOfPlace.map(
        ({ entry: { at, by, what }, why }) => `Without effect: ${what.kind} by ${by} at ${at}: ${why}`,
      ),
    ),
  ];
}

function amendments({ case: held }: IncidentExport): readonly Block[] {
  if (held.amendments.length === 0) return [];
  return [
    { kind: 'heading', text: 'Amendments' },
    {
      kind: 'table',
      head: ['when (UTC)', 'who', 'what', 'was', 'is', 'why'],
      rows: held.incident.amendments.map(({ at, by, field, from, to, reason }) => [at, by, field, from, to, reason]),
    },
    ...held.amendments.flatMap(({ at, by, verdictsBefore, notRecomputed }): readonly Block[] => {
      if (verdictsBefore === null) return [];
      const compared = verdictsBefore.flatMap((verdict) => verdicts(asJudged(held.incident, verdict), [verdict]));
      return [
        { kind: 'paragraph', text: `What the contracts said before ${by} amended it at ${at}:` },
        ...joined(compared),
        ...list(notRecomputed.map((contract) => `Not configured any more, so what it said stands: ${contract}`)),
      ];
    }),
  ];
}

/** Tables of one shape as one. */
function joined(blocks: readonly Block[]): readonly Block[] {
  const tables = blocks.filter((block) => block.kind === 'table');
  const [first] = tables;
  return first === undefined ? [] : [{ ...first, rows: tables.flatMap(({ rows }) => rows) }];
}

/** What the members found on their own hosts. */
function found({ evidence, case: { incident } }: IncidentExport): readonly Block[] {
  if (evidence.length === 0) return [];
  const silence = silenceText(incident, evidence);
  return [
    { kind: 'heading', text: 'Evidence from the hosts' },
    ...evidence.flatMap(({ member, at, moment, parts }) =>
      parts.flatMap(({ source, from, problem, lines, cutOff }): readonly Block[] => {
        const when = moment === 'outage' ? 'around the outage' : 'after it';
        const less = [problem, cutOff].filter((each) => each !== null).join('; ');
        const head = `${member}, ${when} (${at}): ${source}, from ${from}${less === '' ? '' : `. ${less}`}`;
        return [{ kind: 'paragraph', text: head }, ...(lines.length === 0 ? [] : [{ kind: 'lines', lines } as const])];
      }),
    ),
    ...(silence === '' ? [] : [{ kind: 'paragraph', text: silence } as const]),
  ];
}

function proof({ ledger, recordSha256, exportedAt, madeBy, incident }: IncidentExport): readonly Block[] {
  const held =
    ledger === null
      ? 'No ledger was at hand: no daemon answered, and etcd holds no hashes.'
      : `${ledger.entries.length} entries of the ledger of ${ledger.member} carry it; that ledger had ${ledger.head.entries} entries, and the hash of the last was ${ledger.head.lastHash}.`;
  return [
    { kind: 'heading', text: 'Proof' },
    { kind: 'paragraph', text: `SHA-256 of the record (incident and entries): ${recordSha256}` },
    { kind: 'paragraph', text: held },
    {
      kind: 'paragraph',
      text: `To check it, ask for the JSON export of ${incident.id} and run "baton incident verify FILE" on it: it recomputes every hash and prints the SHA-256 of the record, which must be the one above.`,
    },
    { kind: 'paragraph', text: `Exported at ${exportedAt} by Baton ${madeBy}.` },
  ];
}
