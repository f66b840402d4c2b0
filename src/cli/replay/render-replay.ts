/** What a replay found, for a person. */
import { signText } from '../../core/doubt/signs.ts';
import type { Replayed } from '../../core/replay/replay.ts';
import {
  type Bounds,
  isNeedless,
  mayBeNeedless,
  type ReplayedDoubt,
  soonerBy,
} from '../../core/replay/replayed-doubt.ts';
import { absurd } from '../../core/result.ts';
import { durationText } from '../../core/sla/timeline-text.ts';
import { renderTable, shorten } from '../table.ts';
import { wrapText } from '../terminal.ts';
import type { Unreadable } from './read-journal.ts';

/** One limit that is tried: `key`, and both values as they are written. */
export interface Tried {
  readonly key: string;
  readonly recorded: string;
  readonly tried: string;
}

export interface Shown {
  readonly replayed: Replayed;
  readonly unreadable: Unreadable;
  readonly journal: string;
  readonly tried: readonly Tried[];
  /** What batond would say to these limits; null when nothing. */
  readonly refused: string | null;
}

/** The closest; --json has all. */
const listedMax = 20;

export function renderReplay({ replayed, unreadable, journal, tried, refused }: Shown): string {
  const { doubts, decisions, from, to, members, unknown } = replayed;
  if (decisions === 0)
    return [`No decision was journalled in ${journal} in that time.`, ...lost(unreadable)].join('\n');
  const limits =
    tried.length === 0
      ? 'the limits that were in force'
      : tried.map(({ key, recorded, tried: value }) => `${key} ${value} instead of ${recorded}`).join(', ');
  const needless = doubts.filter(isNeedless);
  const perhaps = doubts.filter(mayBeNeedless);
  const failovers = doubts.filter(({ really }) => really.kind === 'failed');
  const rest = doubts.filter((each) => each.really.kind !== 'failed' && each.would.kind === 'not');
  const cut = doubts.filter((each) => each.really.kind === 'cut-short' && each.would.kind !== 'not');
  return [
    wrapText(`${journal}: ${decisions} decisions of ${members.join(' and ')}`, '          ', 'Journal:  '),
    `From:     ${instantText(from)} to ${instantText(to)} UTC`,
    wrapText(limits, '          ', 'Tried:    '),
    ...lost(unreadable),
    ...(refused === null
      ? []
      : [wrapText(`batond would not run with this here: ${refused}`, '          ', 'Note:     ')]),
    '',
    `NEEDLESS FAILOVERS: ${needless.length}`,
    ...(needless.length === 0 ? [] : [healedTable(needless)]),
    ...(perhaps.length === 0 ? [] : ['', `PERHAPS NEEDLESS FAILOVERS: ${perhaps.length}`, healedTable(perhaps)]),
    '',
    `FAILOVERS THAT HAPPENED: ${failovers.length}${failovers.length === 0 ? '' : `, ${savedText(failovers)}`}`,
    ...(failovers.length === 0 ? [] : [failoverTable(failovers)]),
    ...(cut.length === 0
      ? []
      : ['', `DECLARED BEFORE THE JOURNAL OR PLANNED WORK CUT IT SHORT: ${cut.length}`, healedTable(cut)]),
    '',
    `NEAR MISSES: ${rest.length}`,
    ...nearMisses(rest),
    '',
    'NOT KNOWN',
    ...[
      ...unknown,
      ...(failovers.some((each) => each.would.kind === 'later' && ruleOf(each) !== null) ? [tilde] : []),
      afterwards,
    ].map((says) => wrapText(says, '  ', '- ')),
  ].join('\n');
}

const tilde =
  '~: had all gone on as it was when the failure was really declared; what would have come instead is in no journal.';
const afterwards =
  'After a decision that was not really taken the world would have been another one: its cost, and whatever followed, is in no journal. Each member has its own journal: replay them all.';

function lost({ count, examples }: Unreadable): readonly string[] {
  if (count === 0) return [];
  const lines = count === 1 ? '1 line cannot' : `${count} lines cannot`;
  return [
    wrapText(
      `${lines} be read and ${count === 1 ? 'is' : 'are'} left out: ${examples.join('; ')}`,
      '          ',
      'Damaged:  ',
    ),
  ];
}

const healedTable = (doubts: readonly ReplayedDoubt[]): string =>
  renderTable(
    [...when, { head: 'RULE' }, { head: 'HEALED', align: 'right' }, { head: 'DECLARED', align: 'right' }],
    doubts
      .slice(-listedMax)
      .map((each) => [
        ...whenCells(each),
        each.would.rule ?? '-',
        durationText(each.really.afterMs),
        each.would.kind === 'declared' || each.would.kind === 'perhaps' ? boundsText(each.would.after) : '-',
      ]),
  );

const failoverTable = (doubts: readonly ReplayedDoubt[]): string =>
  renderTable(
    [{ head: 'TIME (UTC)' }, { head: 'RULE' }, { head: 'AFTER', align: 'right' }, { head: 'WOULD BE DECLARED' }],
    doubts.slice(-listedMax).map((each) => {
      const [time = ''] = whenCells(each);
      return [time, ruleOf(each) ?? 'another member', durationText(each.really.afterMs), differenceText(each)];
    }),
  );

const ruleOf = ({ really }: ReplayedDoubt): string | null => (really.kind === 'failed' ? really.rule : null);

function differenceText(doubt: ReplayedDoubt): string {
  const { would, really } = doubt;
  if (ruleOf(doubt) === null && would.kind !== 'declared') return 'not before: see its journal';
  switch (would.kind) {
    case 'declared': {
      const sooner = soonerBy(doubt);
      const laterMs = would.after.toMs - really.afterMs;
      if (laterMs > 0) return `up to ${durationText(laterMs)} later`;
      if (sooner === null || sooner.toMs === 0) return 'the same';
      return `${boundsText(sooner)} sooner`;
    }
    case 'perhaps':
      return 'perhaps sooner: between two views';
    case 'not':
      return 'not known';
    case 'later':
      if (would.afterMs === null) return '~ later, or never';
      return `~ ${durationText(Math.max(0, would.afterMs - really.afterMs))} later`;
    default:
      return absurd(would);
  }
}

/** Over all failovers of which it is known. */
function savedText(failovers: readonly ReplayedDoubt[]): string {
  const own = failovers.filter((each) => ruleOf(each) !== null);
  const known = own.flatMap((each) => soonerBy(each) ?? []);
  const sum = known.reduce((all, { fromMs, toMs }) => ({ fromMs: all.fromMs + fromMs, toMs: all.toMs + toMs }), {
    fromMs: 0,
    toMs: 0,
  });
  if (own.length === 0) return 'declared by other members: see their journals';
  if (sum.toMs > 0) return `outage saved: ${boundsText(sum)}`;
  return known.length === own.length ? 'no outage saved' : 'outage saved: not known';
}

function nearMisses(doubts: readonly ReplayedDoubt[]): readonly string[] {
  const near = doubts.flatMap((doubt) =>
    doubt.would.kind === 'not' && doubt.would.headroom !== null
      ? [{ doubt, headroom: doubt.would.headroom, rule: doubt.would.rule }]
      : [],
  );
  const listed = near.toSorted((one, other) => one.headroom.fromMs - other.headroom.fromMs).slice(0, listedMax);
  const table =
    listed.length === 0
      ? []
      : [
          renderTable(
            [...when, { head: 'RULE' }, { head: 'LASTED', align: 'right' }, { head: 'HEADROOM', align: 'right' }],
            listed.map(({ doubt, headroom, rule }) => [
              ...whenCells(doubt),
              rule ?? '-',
              durationText(doubt.really.afterMs),
              boundsText(headroom),
            ]),
          ),
        ];
  const far = doubts.length - near.length;
  return [
    ...table,
    ...(near.length > listed.length ? [`The ${listed.length} closest of ${near.length}; --json has all.`] : []),
    ...(far === 0 ? [] : [`${far} of them ${far === 1 ? 'was' : 'were'} on the way to no failover at all.`]),
  ];
}

const when = [{ head: 'TIME (UTC)' }, { head: 'WHAT' }] as const;
const whenCells = ({ at, signs }: ReplayedDoubt): readonly string[] => [
  new Date(at).toISOString().slice(5, 19).replace('T', ' '),
  shorten(signs.length === 0 ? 'nothing before it' : signs.map(signText).join(', '), 20),
];
const instantText = (instant: string | null): string => (instant ?? '?').slice(0, 19).replace('T', ' ');

/** `0.9 s to 1.1 s`, or one number where both are the same. */
export const boundsText = ({ fromMs, toMs }: Bounds): string =>
  fromMs === toMs ? durationText(toMs) : `${durationText(fromMs)} to ${durationText(toMs)}`;
