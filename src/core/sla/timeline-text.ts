/** An incident for people: 80 columns, plain ASCII (it is read in consoles, pagers and mails), the answer first. */
import type { Ms } from '../units.ts';
import { minute, second } from '../units.ts';
import { INSTANT_NAMES, isHandOver } from './incident.ts';
import type { Incident, Instant, InstantName, Place } from './incident.ts';
import { phaseBars } from './phase-bars.ts';
import { boxed, bytesText, listed, thousands, wrapped } from './text-layout.ts';
import { verdictLines, worstFirst } from './verdict-text.ts';

const MEANINGS: Readonly<Record<InstantName, string>> = {
  t0: 'last good write',
  t1: 'suspected',
  t2: 'declared failed',
  t3: 'leadership won',
  t4: 'old primary harmless',
  t5: 'promotion requested',
  t6: 'accepting writes',
  t7: 'first good write',
  t8: 'redundant again',
};
const PLANNED: Readonly<Partial<Record<InstantName, string>>> = { t1: 'asked for', t2: 'begun' };

/** Ends without a line break. Control characters in texts that came from elsewhere are shown as spaces. */
export function incidentText(incident: Incident): string {
  return [
    ...title(incident),
    '',
    ...wrapped(summary(incident), 0),
    '',
    ...cause(incident),
    '',
    ...timeline(incident),
    '',
    ...phaseBars(incident, durationText),
    '',
    ...consequences(incident),
    ...section(
      'Contracts',
      worstFirst(incident.verdicts).flatMap((verdict) => verdictLines(verdict, incident, durationText)),
    ),
    ...section(
      'Evidence',
      incident.evidence.flatMap(({ id, says }) => wrapped(says, 8, `  ${id.padEnd(6)}`)),
    ),
    ...section(
      'Amended',
      incident.amendments.flatMap((amendment) =>
        wrapped(
          `${amendment.at} ${amendment.by}: ${amendment.field} was ${amendment.from}, is ${amendment.to}: ${amendment.reason}`,
          4,
          '  ',
        ),
      ),
    ),
    '',
    ...wrapped(measurement(incident), 0),
  ].join('\n');
}

/** `239 ms`, `1.739 s`, `44 min 3 s`, `2 h 5 min`: exact below a minute, parts that are 0 left out. */
export function durationText(duration: Ms): string {
  if (duration < second) return `${duration} ms`;
  if (duration < minute) return `${duration / second} s`;
  const minutes = Math.floor(duration / minute);
  const parts =
    minutes < 60
      ? [minutes, 'min', Math.floor((duration % minute) / second), 's']
      : [Math.floor(minutes / 60), 'h', minutes % 60, 'min'];
  return parts.slice(0, parts[2] === 0 ? 2 : 4).join(' ');
}

function title(incident: Incident): readonly string[] {
  const { kind, state, oldLeader, newLeader } = incident;
  const moved = newLeader !== null && newLeader.member !== oldLeader?.member;
  const who = moved ? `${placeText(oldLeader)} -> ${placeText(newLeader)}` : placeText(oldLeader);
  return boxed(
    `${kind.toUpperCase()}  ${who}`,
    state === 'open' ? 'OPEN' : 'closed',
    `${incident.cluster}  ${incident.id}`,
  );
}

export const placeText = (place: Place | null): string =>
  place === null ? 'unknown' : `${place.member}${place.location === '' ? '' : ` (${place.location})`}`;

/** The answer first: how long, what was lost, who was down, what the contracts say. */
export function summary(incident: Incident): string {
  const exposed = incident.state === 'open' && incident.instants.t7 !== null;
  return [
    outageSentence(incident),
    lossSentence(incident),
    sitesSentence(incident),
    contractsSentence(incident),
    exposed ? 'NOT REDUNDANT YET: one more failure is an outage.' : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function outageSentence({ phases, instants, state }: Incident): string {
  if (phases.outage !== null) return `Outage ${durationText(phases.outage)}.`;
  return instants.t7 === null && state === 'open' ? 'THE OUTAGE GOES ON.' : 'The length of the outage is not known.';
}

function lossSentence({ loss, instants }: Incident): string {
  if (loss.provedNone) return 'No acknowledged write was lost.';
  if (loss.bytesMax !== null) return `At most ${bytesText(loss.bytesMax)} were lost.`;
  return instants.t7 === null ? '' : 'What was lost is not known.';
}

function sitesSentence({ affectedSites, instants }: Incident): string {
  const count = affectedSites.length;
  if (count === 0) return 'No site was affected.';
  const noun = count === 1 ? 'site' : 'sites';
  if (instants.t7 === null) return `${count} ${noun} down.`;
  return `${count} ${noun} ${count === 1 ? 'was' : 'were'} down.`;
}

function contractsSentence({ verdicts }: Incident): string {
  if (verdicts.length === 0) return '';
  const breached = verdicts.filter(({ outcome }) => outcome.kind === 'breached').length;
  if (breached > 0) return `${breached} of ${verdicts.length} contracts BREACHED.`;
  const met = verdicts.every(({ outcome }) => outcome.kind === 'met' || outcome.kind === 'excluded');
  return met ? 'No contract was breached.' : 'No contract is known to be breached.';
}

function cause({ trigger, rule, because }: Incident): readonly string[] {
  const by = rule === null ? 'no rule declared it' : `declared by the rule ${rule}`;
  return [...wrapped(`Cause: ${trigger}, ${by}`, 2), ...wrapped(because, 2, '  ')];
}

function timeline(incident: Incident): readonly string[] {
  const dated = INSTANT_NAMES.map((name) => incident.instants[name]).find((instant) => instant !== null);
  const head = `Timeline, ${dated?.wall.slice(0, 10) ?? 'undated'}, UTC`;
  return [
    head,
    ...INSTANT_NAMES.flatMap((name) => instantLines(name, meaningOf(incident, name), incident.instants[name])),
  ];
}

/** What an instant stands for. Nobody suspects anything before a switchover. */
export const meaningOf = ({ kind }: Pick<Incident, 'kind'>, name: InstantName): string =>
  (isHandOver(kind) ? PLANNED[name] : undefined) ?? MEANINGS[name];

/** How sure it is goes on in the next line where there is no room: half a number would be another one. */
function instantLines(name: InstantName, meaning: string, instant: Instant | null): readonly string[] {
  const line = (wall: string, offset: string, doubt: string): readonly string[] => {
    const first = `  ${name}  ${wall.padEnd(12)} ${offset.padStart(15)}  ${meaning.padEnd(20)}  `;
    return wrapped(doubt, first.length, first);
  };
  if (instant === null) return line('-', '', 'not seen');
  const offset = instant.monoMs === null ? '' : `${signed(instant.monoMs)} ms`;
  return line(instant.wall.slice(11, 23), offset, doubtText(name, instant));
}

export const signed = (value: number): string => (value > 0 ? `+${thousands(value)}` : thousands(value));

/** How sure an instant is; empty when it was measured to the millisecond. */
export function doubtText(name: InstantName, { measured, uncertaintyMs }: Instant): string {
  const way = name === 't0' ? 'later' : 'earlier';
  const range =
    uncertaintyMs === null ? 'no bound' : uncertaintyMs === 0 ? '' : `<= ${thousands(uncertaintyMs)} ms ${way}`;
  return [measured ? '' : 'inferred', range].filter((part) => part !== '').join(', ');
}

function consequences(incident: Incident): readonly string[] {
  const { loss, affectedSites, mode } = incident;
  const known = loss.bytesMax === null ? 'not known' : `at most ${bytesText(loss.bytesMax)}`;
  const bytes = loss.provedNone ? 'none' : known;
  const reach = loss.timeMsMax === null || loss.provedNone ? '' : `, from the last ${durationText(loss.timeMsMax)}`;
  const names = affectedSites.map(({ name }) => name);
  return [
    ...wrapped(
      `${bytes}${reach}: ${loss.basis}${mode === null || loss.basis.includes('mode') ? '' : ` (mode ${mode})`}`,
      12,
      'Data loss   ',
    ),
    ...wrapped(names.length === 0 ? 'none' : listed(names), 12, 'Sites       '),
  ];
}

const section = (head: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', head, ...lines];

/** Who measured it, and how the leadership changed. */
export function measurement({
  measuredBy,
  recordedBy,
  termBefore,
  termAfter,
  oldTimeline,
  newTimeline,
  forkLsn,
}: Incident): string {
  const step = (what: string, before: unknown, after: unknown) =>
    before === null && after === null ? '' : ` ${what} ${before ?? '?'} -> ${after ?? '?'}.`;
  const fork = forkLsn === null ? '' : ` Fork at ${forkLsn}.`;
  const how = measuredBy === 'person' ? 'Not measured' : `Measured by the ${measuredBy}'s write probe`;
  return `${how}, recorded by ${recordedBy}.${step('Term', termBefore, termAfter)}${step('Timeline', oldTimeline, newTimeline)}${fork}`;
}
