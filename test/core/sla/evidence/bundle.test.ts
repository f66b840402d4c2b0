import { describe, expect, test } from 'vitest';
import { bounded } from '../../../../src/core/sla/evidence/bundle.ts';
import { evidenceDue } from '../../../../src/core/sla/evidence/due.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import { closedIncident, openIncident } from '../../../cli/fixtures.ts';

const found = (lines: readonly string[]) => ({ source: 'kernel', from: '/dev/kmsg', problem: null, lines }) as const;

describe('a part of the evidence', () => {
  test('that is short is kept whole, and says so', () => {
    expect(bounded(found(['one', 'two']))).toEqual({ ...found(['one', 'two']), cutOff: null });
  });

  test('that is long keeps its newest lines, and says how many are missing', () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index} of them`);
    const part = bounded(found(lines));
    expect(part.lines.at(-1)).toBe('line 499 of them');
    expect(part.lines.join('\n').length).toBeLessThanOrEqual(1024);
    expect(part.cutOff).toBe(`the first ${500 - part.lines.length} of 500 lines were left out`);
  });

  test('with a long line keeps its beginning', () => {
    const part = bounded(found(['x'.repeat(2_000), 'end']));
    expect(part.lines.map((line) => line.length)).toEqual([500, 3]);
    expect(part.cutOff).toBe('1 long lines were shortened to 500 characters');
  });

  test('of which only the end was looked at says so, also where all of that is kept', () => {
    const tail = { ...found(['one', 'two']), notRead: '9,000 bytes of the file' };
    expect(bounded(tail)).toEqual({
      ...found(['one', 'two']),
      cutOff: '9,000 bytes of the file before that were not looked at',
    });
    const long = bounded({ ...tail, lines: Array.from({ length: 500 }, (_, index) => `line ${index} of them`) });
    expect(long.cutOff).toMatch(
      /^the first \d+ of 500 lines were left out; 9,000 bytes of the file before that were not/,
    );
    expect(bounded({ ...tail, notRead: '1 line' }).cutOff).toBe('1 line before that was not looked at');
  });

  test('of what a member had diverged by keeps its beginning: its size and how many transactions are in it', () => {
    const lines = [
      'timeline 1 from 0/5000 to 0/6000: 4096 bytes',
      ...Array.from({ length: 99 }, (_, n) => `hospital: public.table_${n}: rows 1 inserted`),
    ];
    const part = bounded({ ...found(lines), source: 'diverged' });
    expect(part.lines[0]).toBe(lines[0]);
    expect(part.cutOff).toBe(`the last ${100 - part.lines.length} of 100 lines were left out`);
  });

  test('of nothing is empty', () => {
    expect(bounded(found([]))).toMatchObject({ lines: [], cutOff: null });
  });
});

describe('evidence is looked for', () => {
  const begin = Date.parse(closedIncident.instants.t0?.wall ?? '');
  const goingOn: Incident = { ...openIncident, instants: { ...closedIncident.instants, t7: null, t8: null } };
  const back: Incident = { ...goingOn, instants: { ...goingOn.instants, t7: closedIncident.instants.t7 } };
  test.each([
    ['not while a failover is fast', goingOn, [], 1_000, []],
    ['after five seconds without service', goingOn, [], 6_000, ['outage']],
    ['once service is back', back, [], 1_000, ['outage']],
    ['once during the outage', back, ['outage'], 6_000, []],
    ['again when the incident is closed', closedIncident, ['outage'], 60_000, ['after']],
    ['for both at once by a member that hears of it late', closedIncident, [], 60_000, ['outage', 'after']],
    ['not twice', closedIncident, ['outage', 'after'], 60_000, []],
    ['not of an incident of long ago', closedIncident, [], 3_700_000, []],
  ] as const)('%s', (_title, incident, collected, afterMs, due) => {
    expect(evidenceDue(incident, collected, begin + afterMs)).toEqual(due);
  });
});
