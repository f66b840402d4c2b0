import { describe, expect, test } from 'vitest';
import { type JobFacts, type JobRules, type JobStep, nextStep } from '../../../../src/core/sla/schedule/next-step.ts';
import { type InForce, type Run, runsOf, unhandled } from '../../../../src/core/sla/schedule/run.ts';
import type { Schedule } from '../../../../src/core/sla/schedule/schedule.ts';
import { minute, second } from '../../../../src/core/units.ts';

const now = Date.parse('2008-04-24T08:15:00Z');
const reports: JobRules = { withinMs: null, boundMs: 1 * minute, repeatable: true };
const drills: JobRules = { withinMs: 30 * minute, boundMs: 4 * minute, repeatable: false };

const aRun = (due: number, changes: Partial<Run['claim']> = {}, ended = true): Run => ({
  claim: {
    job: 'reports',
    due,
    at: due,
    by: 'slough-a',
    from: due,
    count: 1,
    what: 'begun',
    askedBy: null,
    says: '',
    ...changes,
  },
  end: ended ? { job: 'reports', due, at: due, by: 'slough-a', outcome: 'done', says: '', incident: null } : null,
});
const ago = (ms: number) => now - ms;
const nothingDue: JobFacts = { due: [], runs: [], busy: false, now };

describe('a leader', () => {
  const cases: readonly (readonly [
    says: string,
    rules: JobRules,
    facts: Partial<JobFacts>,
    kind: JobStep['kind'],
    more?: object,
  ])[] = [
    ['has nothing to do when nothing is due', reports, {}, 'nothing'],
    ['has nothing to do while it is at work', reports, { due: [now], busy: true }, 'nothing'],
    ['carries out what is due', reports, { due: [now] }, 'run', { due: now, from: now, count: 1 }],
    [
      'makes good what was missed in one run',
      reports,
      { due: [ago(9), ago(6), ago(3)] },
      'run',
      { due: ago(3), from: ago(9), count: 3 },
    ],
    ['makes good a report however late', reports, { due: [ago(90 * 24 * 60 * minute)] }, 'run', { count: 1 }],
    [
      'waits for a run that another one has just begun',
      reports,
      { runs: [aRun(ago(30 * second), {}, false)] },
      'nothing',
    ],
    ['finishes a run that nobody ended', reports, { runs: [aRun(ago(minute), {}, false)] }, 'finish'],
    [
      'finishes that first, and then what is due',
      reports,
      { runs: [aRun(ago(minute), {}, false)], due: [now] },
      'finish',
    ],
    [
      'leaves alone what was skipped',
      drills,
      { runs: [aRun(ago(90 * minute), { what: 'skipped' }, false)] },
      'nothing',
    ],
    ['leaves alone what ended', drills, { runs: [aRun(ago(90 * minute))] }, 'nothing'],
    ['carries out a drill that is due', drills, { due: [now] }, 'run', { due: now, from: now, count: 1 }],
    ['carries out a drill late inside its window', drills, { due: [ago(29 * minute)] }, 'run', { count: 1 }],
    [
      'puts a drill on record as missed when its window is over',
      drills,
      { due: [ago(30 * minute)] },
      'miss',
      { due: ago(30 * minute), count: 1 },
    ],
    [
      'puts several missed drills on record as one',
      drills,
      { due: [ago(99 * minute), ago(50 * minute)] },
      'miss',
      { due: ago(50 * minute), from: ago(99 * minute), count: 2 },
    ],
    [
      'says first what was missed, before it carries out the drill that is due',
      drills,
      { due: [ago(99 * minute), now] },
      'miss',
      { due: ago(99 * minute), count: 1 },
    ],
    [
      'carries out only the newest of two drills whose windows meet',
      drills,
      { due: [ago(20 * minute), now] },
      'miss',
      { due: ago(20 * minute), count: 1 },
    ],
    [
      'never repeats a drill that nobody ended: it says so',
      drills,
      { runs: [aRun(ago(4 * minute), {}, false)] },
      'break',
    ],
  ];
  test.for(cases)('%s', ([, rules, facts, kind, more]) => {
    expect(nextStep(rules, { ...nothingDue, ...facts })).toMatchObject({ kind, ...more });
  });

  test('has a row for every step', () => {
    const kinds: readonly JobStep['kind'][] = ['nothing', 'run', 'miss', 'finish', 'break'];
    expect(kinds.filter((kind) => !cases.some((each) => each[3] === kind))).toEqual([]);
  });
});

describe('what is due and in no record', () => {
  const all = Array.from({ length: 60 }, (_, index) => index);
  const every = (seconds: readonly number[]): Schedule => ({
    text: 'a test',
    timeZone: 'UTC',
    fields: {
      seconds,
      minutes: all,
      hours: all.slice(0, 24),
      daysOfMonth: all.slice(1, 32),
      months: all.slice(1, 13),
      daysOfWeek: all.slice(0, 7),
    },
  });
  const since = (at: number, schedule: Schedule | null): InForce => ({ job: 'reports', at, schedule });
  const at = (seconds: number) => now + seconds * second;

  test('is what came since the schedule was set, and never before that', () => {
    expect(unhandled('reports', [since(at(5), every([0, 10, 20]))], [], at(25))).toEqual([at(10), at(20)]);
    expect(unhandled('reports', [], [], at(25))).toEqual([]);
  });

  test('is what came since the newest record: whoever made that had dealt with all before it', () => {
    const runs = [aRun(at(10), {}, false)];
    expect(unhandled('reports', [since(at(-60), every([0, 10, 20]))], runs, at(25))).toEqual([at(20)]);
  });

  test('does not end with a run that a person asked for', () => {
    const runs = [aRun(at(15), { askedBy: 'ada' })];
    expect(unhandled('reports', [since(at(5), every([10, 20]))], runs, at(25))).toEqual([at(10), at(20)]);
  });

  test('follows each schedule for as long as it was in force', () => {
    const history = [
      since(at(0), every([5, 15, 25])),
      since(at(10), every([20])),
      since(at(22), null),
      since(at(40), every([50])),
    ];
    expect(unhandled('reports', history, [], at(59))).toEqual([at(5), at(20), at(50)]);
  });

  test('is of one job alone', () => {
    expect(unhandled('drill', [since(at(0), every([10]))], [], at(25))).toEqual([]);
  });

  test('an end without a claim is no run', () => {
    const { end } = aRun(now);
    expect(runsOf([], end === null ? [] : [end])).toEqual([]);
  });
});
