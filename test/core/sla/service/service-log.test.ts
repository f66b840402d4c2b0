import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutageRow, ServiceState } from '../../../../src/core/sla/accounting/outage-row.ts';
import {
  emptyLog,
  foldService,
  leftOpen,
  type ServiceFact,
  type ServiceLog,
} from '../../../../src/core/sla/service/service-log.ts';
import { monoMs, wallMs } from '../../../../src/core/units.ts';

/** 08:15:00 UTC; the monotonic clock of this host showed 1,000,000 then. */
const epoch = Date.parse('2008-04-24T08:15:00Z');
const midnight = Date.parse('2008-04-25T00:00:00Z');

const fact = (at: number, state: ServiceState, changes: { readonly steppedMs?: number } = {}): ServiceFact => ({
  atMono: monoMs(1_000_000 + at),
  wall: wallMs(epoch + at + (changes.steppedMs ?? 0)),
  state,
  by: 'standby',
});

function rowsOf(facts: readonly ServiceFact[]): readonly OutageRow[] {
  let log: ServiceLog = emptyLog;
  const rows: OutageRow[] = [];
  for (const each of facts) {
    const step = foldService(log, each);
    rows.push(...step.rows);
    log = step.log;
  }
  return [...rows, ...leftOpen(log)];
}

/** `[state, from, to]`, in ms after the epoch. */
const short = (facts: readonly ServiceFact[]) =>
  rowsOf(facts).map(({ state, from, to }) => [state, from - epoch, to - epoch]);

describe('what a member saw of the service', () => {
  const cases: readonly (readonly [says: string, facts: readonly ServiceFact[], rows: readonly unknown[]])[] = [
    ['is nothing before the second probe', [fact(0, 'up')], []],
    ['is one row for as long as nothing changes', [fact(0, 'up'), fact(300, 'up'), fact(600, 'up')], [['up', 0, 600]]],
    [
      'ended with the last good write and was back with the first good one',
      [fact(0, 'up'), fact(300, 'up'), fact(700, 'down'), fact(720, 'down'), fact(900, 'up'), fact(1_200, 'up')],
      [
        ['up', 0, 300],
        ['down', 300, 900],
        ['up', 900, 1_200],
      ],
    ],
    [
      'was degraded from the probe on that found it so',
      [fact(0, 'up'), fact(300, 'up'), fact(600, 'degraded'), fact(900, 'degraded')],
      [
        ['up', 0, 600],
        ['degraded', 600, 900],
      ],
    ],
    [
      'is planned for as long as somebody had asked for it',
      [fact(0, 'up'), fact(300, 'planned'), fact(600, 'planned'), fact(900, 'down'), fact(1_200, 'up')],
      [
        ['planned', 0, 900],
        ['down', 900, 1_200],
      ],
    ],
    [
      'is not known between two probes that are too far apart',
      [fact(0, 'up'), fact(300, 'up'), fact(3_301, 'up'), fact(3_600, 'up')],
      [
        ['up', 0, 300],
        ['up', 3_301, 3_600],
      ],
    ],
    [
      'is not known after a daemon that stood still in an outage',
      [fact(0, 'up'), fact(300, 'up'), fact(600, 'down'), fact(60_000, 'up'), fact(60_300, 'up')],
      [
        ['up', 0, 300],
        ['down', 300, 600],
        ['up', 60_000, 60_300],
      ],
    ],
    [
      'goes on where the wall clock says it is after it was set',
      [fact(0, 'up'), fact(300, 'up'), fact(600, 'up', { steppedMs: 60_000 }), fact(900, 'up', { steppedMs: 60_000 })],
      [
        ['up', 0, 300],
        ['up', 60_600, 60_900],
      ],
    ],
    [
      'is as long as the monotonic clock says while the wall clock is being put right',
      [fact(0, 'up'), fact(300, 'up', { steppedMs: 40 }), fact(600, 'up', { steppedMs: 90 })],
      [['up', 0, 600]],
    ],
  ];
  test.each(cases)('%s', (_says, facts, rows) => {
    expect(short(facts)).toEqual(rows);
  });

  test('has a row of its own for each day', () => {
    const late = midnight - epoch - 500;
    expect(short([fact(late, 'up'), fact(late + 400, 'up'), fact(late + 700, 'up')])).toEqual([
      ['up', late, late + 500],
      ['up', late + 500, late + 700],
    ]);
    expect(short([fact(late, 'up'), fact(late + 700, 'down'), fact(late + 900, 'up')])).toEqual([
      ['down', late, late + 500],
      ['down', late + 500, late + 900],
    ]);
  });
});

const state = fc.constantFrom<ServiceState>('up', 'up', 'up', 'degraded', 'planned', 'down');
const probes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4_000 }), state), { minLength: 1, maxLength: 60 });

test('rows follow each other without overlap, and every instant of them is near a probe that says so', () => {
  fc.assert(
    fc.property(probes, (steps) => {
      const facts = steps.map(([, each], index) =>
        fact(
          steps.slice(0, index + 1).reduce((at, [later]) => at + later, 0),
          each,
        ),
      );
      const rows = rowsOf(facts);
      for (const [index, row] of rows.entries()) {
        expect(row.from).toBeLessThan(row.to);
        expect(row.from).toBeGreaterThanOrEqual(rows[index - 1]?.to ?? -Infinity);
        const within = facts.filter(({ wall }) => wall >= row.from && wall <= row.to).map(({ wall }) => wall);
        for (const [i, wall] of within.slice(1).entries()) expect(wall - (within[i] ?? 0)).toBeLessThanOrEqual(3_000);
        expect(within.length).toBeGreaterThanOrEqual(2);
      }
      // Nothing is measured twice, and nothing is left out between probes that are near each other.
      const measuredMs = rows.reduce((sum, { from, to }) => sum + to - from, 0);
      const nearMs = facts.slice(1).reduce((sum, { wall }, i) => {
        const sinceMs = wall - (facts[i]?.wall ?? 0);
        return sum + (sinceMs <= 3_000 ? sinceMs : 0);
      }, 0);
      expect(measuredMs).toBe(nearMs);
    }),
  );
});
