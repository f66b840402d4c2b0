import { createTask } from 'node-cron';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportsSchema } from '../../../../src/config/schedule-schema.ts';
import { dueInstants } from '../../../../src/core/sla/schedule/due-instants.ts';
import { minute, second } from '../../../../src/core/units.ts';

const read = (schedule: string, zone = 'Europe/London') => reportsSchema.parse({ schedule, zone });
const due = (schedule: string, after: string, until: string, zone?: string) =>
  dueInstants(read(schedule, zone), Date.parse(after), Date.parse(until), 100).map((at) => new Date(at).toISOString());

describe('a schedule is due', () => {
  test('at its local time, in summer and in winter', () => {
    expect(due('0 0 6 1 * *', '2008-03-15T00:00:00Z', '2008-05-15T00:00:00Z')).toEqual([
      '2008-04-01T05:00:00.000Z',
      '2008-05-01T05:00:00.000Z',
    ]);
    expect(due('0 0 6 1 * *', '2008-10-15T00:00:00Z', '2008-12-15T00:00:00Z')).toEqual([
      '2008-11-01T06:00:00.000Z',
      '2008-12-01T06:00:00.000Z',
    ]);
  });

  test('after the first instant and not after the last', () => {
    const [from, to] = ['2008-04-01T05:00:00Z', '2008-05-01T05:00:00Z'];
    expect(due('0 0 6 1 * *', from, to)).toEqual(['2008-05-01T05:00:00.000Z']);
    expect(due('0 0 6 1 * *', to, from)).toEqual([]);
  });

  test('every few seconds', () => {
    expect(due('*/20 * * * * *', '2008-04-24T08:15:00Z', '2008-04-24T08:15:59Z')).toEqual([
      '2008-04-24T08:15:20.000Z',
      '2008-04-24T08:15:40.000Z',
    ]);
  });

  test('on days that both the date and the weekday allow', () => {
    expect(due('0 0 4 13 * 5', '2008-01-01T00:00:00Z', '2009-01-01T00:00:00Z')).toEqual(['2008-06-13T03:00:00.000Z']);
  });

  test('when the clocks have skipped its time, as soon as they have', () => {
    // On 30 March 2008 London went from 01:00 to 02:00.
    expect(due('0 30 1 * * 0', '2008-03-24T00:00:00Z', '2008-04-07T00:00:00Z')).toEqual([
      '2008-03-30T01:00:00.000Z',
      '2008-04-06T00:30:00.000Z',
    ]);
  });

  test('once when the clocks show its time twice', () => {
    // On 26 October 2008 London went from 02:00 back to 01:00.
    expect(due('0 30 1 * * 0', '2008-10-20T00:00:00Z', '2008-11-03T00:00:00Z')).toEqual([
      '2008-10-26T00:30:00.000Z',
      '2008-11-02T01:30:00.000Z',
    ]);
  });

  test('in every real hour when it is an hourly one', () => {
    expect(due('0 30 * * * *', '2008-10-26T00:00:00Z', '2008-10-26T03:00:00Z')).toHaveLength(3);
    expect(due('0 30 * * * *', '2008-03-30T00:00:00Z', '2008-03-30T03:00:00Z')).toHaveLength(3);
  });

  test('the oldest instants first, when there are more than are asked for', () => {
    const after = Date.parse('2008-04-24T08:15:00Z');
    expect(dueInstants(read('* * * * * *'), after, after + 400 * 24 * 60 * minute, 3)).toEqual([
      after + 1 * second,
      after + 2 * second,
      after + 3 * second,
    ]);
  });

  test('when node-cron says so, on days on which no clock changes', () => {
    const noChange = Date.UTC(2008, 5, 2);
    const field = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(
        field(59),
        field(59),
        field(23),
        fc.constantFrom('*', '1-15', '*/2'),
        fc.constantFrom('*', '1-5', '0,6'),
        (s, m, h, days, week) => {
          const text = `${s} ${m} ${h} ${days} * ${week}`;
          const task = createTask(text, () => undefined, { timezone: 'Europe/London' });
          const found = dueInstants(read(text), noChange, noChange + 20 * 24 * 60 * minute, 100);
          for (let date = 0; date < 20; date += 1) {
            const at = noChange + (date * 24 + h - 1) * 60 * minute + m * minute + s * second;
            if (at > noChange)
              expect(found.includes(at), `${text} at ${new Date(at).toISOString()}`).toBe(task.match(new Date(at)));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
