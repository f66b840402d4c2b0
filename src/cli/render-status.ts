/** The cluster on one screen: who leads, whether the next failure is covered, each member, what is down, what to do. */
import { listed } from '../core/sla/text-layout.ts';
import { durationText } from '../core/sla/timeline-text.ts';
import type { IncidentStatus, MemberStatus, Status } from '../core/status.ts';
import { type Source, sourceNote } from './fallback.ts';
import { formatBytes } from './format-bytes.ts';
import { type NextStep, nextStep } from './next-step.ts';
import { type Column, renderTable, shorten } from './table.ts';
import { COLUMNS, type Paint, wrapText } from './terminal.ts';

export function renderStatus(status: Status, source: Source, paint: Paint): string {
  const next = nextStep(status, source);
  const lines = [
    ...renderHead(status, paint),
    '',
    ...(status.members.length === 0 ? ['No member is registered.'] : [renderMembers(status)]),
    ...(status.incident === null ? [] : ['', ...renderOpenIncident(status.incident, paint)]),
    '',
    paintOf(next, paint)(wrapText(next.says)),
  ];
  return sourceNote(source, paint) + lines.join('\n');
}

function renderHead(status: Status, paint: Paint): readonly string[] {
  const { cluster, leader, term, timeline, synchronous } = status;
  const leads =
    leader === null
      ? paint.bad('NOBODY LEADS')
      : `${paint.strong(leader)} leads${term === null ? '' : `, term ${term}`}${timeline === null ? '' : `, timeline ${timeline}`}`;
  return [
    `${paint.strong(cluster)}: ${leads}`,
    wrapText(`mode ${modeText(synchronous)}`),
    status.redundant
      ? paint.good('redundant: a standby can take over')
      : paint.doubt('NOT REDUNDANT: no standby can take over by itself'),
    ...untested(status.members).map((says) => paint.doubt(wrapText(says, '  '))),
    ...status.held.map((why) => paint.doubt(wrapText(`AUTOMATION IS HELD: ${why}`, '  '))),
    ...status.warnings.map((says) => paint.doubt(wrapText(`CONFIGURATION: ${says}`, '  '))),
  ];
}

/** The release of PostgreSQL that Baton's tests run on. */
const testedMajor = 15;

const untested = (members: readonly MemberStatus[]): readonly string[] =>
  members
    .filter(({ postgres }) => postgres !== null && postgres !== testedMajor)
    .map(({ name, postgres }) => `UNTESTED: ${name} runs PostgreSQL ${postgres}; Baton is tested with ${testedMajor}`);

function modeText({ mode, standbys }: Status['synchronous']): string {
  if (mode === null) return 'not known';
  if (mode === 'off') return 'off: commits do not wait for a standby';
  if (standbys.length > 0) return `${mode}: commits wait for ${listed(standbys)}`;
  return mode === 'strict'
    ? 'strict: no standby is synchronous, writes block'
    : 'available: commits wait for nobody now (exposed)';
}

const columns: readonly Column[] = [
  { head: '  MEMBER' },
  { head: 'LOCATION' },
  { head: 'ROLE' },
  { head: 'STATE' },
  { head: 'TL', align: 'right' },
  { head: 'LSN' },
  { head: 'LAG', align: 'right' },
  { head: 'SYNC' },
];

/** The leader is marked with a star. Locations give way when the lines would be too long, names and LSNs never do. */
function renderMembers(status: Status): string {
  const rows = status.members.map((member) => memberRow(member, status));
  const without = <T>(cells: readonly T[]): readonly T[] => cells.filter((_cell, at) => at !== 1);
  for (const [locationColumns, gap] of [
    [40, '  '],
    [20, '  '],
    [12, '  '],
    [8, '  '],
    [8, ' '],
  ] as const) {
    const shortened = rows.map((row) => row.map((cell, at) => (at === 1 ? shorten(cell, locationColumns) : cell)));
    const text = renderTable(columns, shortened, gap);
    if (text.split('\n').every((line) => line.length <= COLUMNS)) return text;
  }
  return renderTable(without(columns), rows.map(without), ' ');
}

function memberRow(member: MemberStatus, status: Status): readonly string[] {
  const leads = member.name === status.leader;
  return [
    `${leads ? '*' : ' '} ${member.name}`,
    member.location === '' ? '-' : member.location,
    roleNames[member.role],
    member.state,
    member.timeline === null ? '-' : String(member.timeline),
    member.lsn ?? '-',
    leads || member.lagBytes === null ? '-' : formatBytes(member.lagBytes),
    member.synchronous ? 'yes' : '-',
  ];
}

/** PostgreSQL's own words: keys and JSON say `replica`, as Patroni does. */
const roleNames: Readonly<Record<MemberStatus['role'], string>> = {
  primary: 'primary',
  replica: 'standby',
  observer: 'observer',
  uninitialized: 'none',
  unknown: '?',
};

function renderOpenIncident(
  { id, kind, since, sitesDown, breaches, acknowledged }: IncidentStatus,
  paint: Paint,
): readonly string[] {
  const from = since === null ? '' : ` since ${since.slice(0, 19).replace('T', ' ')} UTC`;
  return [
    `${paint.bad('OPEN INCIDENT')}: ${kind}${from}`,
    `  \`baton incident show ${id}\``,
    sitesDown.length === 0
      ? '  no site is down now'
      : paint.bad(
          wrapText(
            `${sitesDown.length} ${sitesDown.length === 1 ? 'site' : 'sites'} down now: ${listed(sitesDown)}`,
            '    ',
            '  ',
          ),
        ),
    ...breaches.map((breach) => breachLine(breach, paint)),
    ...acknowledgedLines(acknowledged, paint),
  ];
}

function acknowledgedLines(acknowledged: IncidentStatus['acknowledged'], paint: Paint): readonly string[] {
  if (acknowledged === undefined) return [];
  if (acknowledged === null) return [paint.doubt('  nobody looks after it yet: `baton incident ack last`')];
  const { by, at, note } = acknowledged;
  const said = note === '' ? '' : `: ${note}`;
  return [wrapText(`${by} looks after it since ${at.slice(0, 19).replace('T', ' ')} UTC${said}`, '    ', '  ')];
}

/** Whole seconds: nobody reads faster. */
function breachLine({ contract, limitMs, inMs }: IncidentStatus['breaches'][number], paint: Paint): string {
  const seconds = (ms: number) => durationText(Math.floor(ms / 1000) * 1000);
  const limit = durationText(limitMs);
  if (inMs === null) return `  ${contract}: ${limit} allowed, no breach within a week`;
  return inMs >= 0
    ? paint.doubt(`  ${contract}: ${limit} allowed, BREACH in ${seconds(inMs)}`)
    : paint.bad(`  ${contract}: ${limit} allowed, BREACHED ${seconds(-inMs)} ago`);
}

const paintOf = (next: NextStep, paint: Paint) =>
  ({ nothing: paint.good, wait: paint.doubt, act: paint.bad })[next.urgency];
