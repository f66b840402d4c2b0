import { describe, expect, test } from 'vitest';
import { recurrences, recurrenceSentence } from '../../../../src/core/sla/case/recurrence.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import { incident2008 } from './a-case.ts';

const dayMs = 24 * 60 * 60 * 1000;
const began = Date.parse('2008-04-24T08:15:00Z');
/** The same, so many days later, and so many milliseconds. */
const later = (days: number, ms = 0, change: Partial<Incident> = {}): Incident => {
  const wall = new Date(began + days * dayMs + ms).toISOString();
  const t0 = incident2008.instants.t0;
  return {
    ...incident2008,
    id: `domain-1-${wall}`,
    instants: { ...incident2008.instants, t0: t0 === null ? null : { ...t0, wall } },
    ...change,
  };
};

const rows: readonly (readonly [says: string, other: Incident, before: number, after: number])[] = [
  ['an hour later', later(0, 3_600_000), 0, 1],
  ['90 days before, to the millisecond', later(-90), 1, 0],
  ['90 days and a millisecond before', later(-90, -1), 0, 0],
  ['90 days after', later(90), 0, 1],
  ['90 days and a millisecond after', later(90, 1), 0, 0],
  ['another trigger', later(-1, 0, { trigger: 'disk-hung' }), 0, 0],
  ['a planned switchover', later(-1, 0, { kind: 'switchover' }), 0, 0],
  ['a drill', later(-1, 0, { kind: 'drill' }), 0, 0],
  ['itself', incident2008, 0, 0],
];

describe('the same trigger within 90 days', () => {
  test.each(rows)('%s', (_says, other, before, after) => {
    const found = recurrences(incident2008, [other, incident2008]);
    expect([found.before.length, found.after.length]).toEqual([before, after]);
  });

  test('is nobody’s concern where it was asked for: drills of every week are no trouble that keeps coming back', () => {
    const weekly = [-14, -7, 0].map((days) => later(days, 0, { kind: 'drill', trigger: 'drill' }));
    expect(recurrenceSentence(recurrences(weekly[2] as Incident, weekly))).toBe('');
  });

  test('is linked, with how far apart, and said', () => {
    const found = recurrences(incident2008, [later(-40), later(-3), incident2008, later(12)]);
    expect(found.before.map(({ daysApart }) => daysApart)).toEqual([40, 3]);
    expect(recurrenceSentence(found)).toBe(
      'The same trigger (host-silent) came twice in the 90 days before and once in the 90 days after.',
    );
    expect(recurrenceSentence(recurrences(incident2008, []))).toBe('');
  });

  test('is found from the first sign where the last good write is not known, and nowhere when nothing is', () => {
    const t0 = { ...incident2008.instants, t0: null };
    expect(recurrences({ ...incident2008, instants: t0 }, [later(-1)]).before).toHaveLength(1);
    const unseen = { ...t0, t1: null, t2: null, t3: null };
    expect(recurrences({ ...incident2008, instants: unseen }, [later(-1)]).before).toHaveLength(0);
  });
});
