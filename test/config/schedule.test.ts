import { describe, expect, test } from 'vitest';
import { jobsOf } from '../../src/config/schedule-schema.ts';
import { readShared } from '../../src/config/shared.ts';
import { minute } from '../../src/core/units.ts';

const read = (shared: unknown) => readShared(JSON.stringify(shared));
const jobs = (shared: unknown) => {
  const config = read(shared);
  if (!config.ok) throw new Error(config.error.map(({ path, problem }) => `${path} ${problem}`).join('; '));
  return jobsOf(config.value);
};

describe('schedules in the shared configuration', () => {
  test('are none when nothing is written', () => {
    expect(jobs({})).toEqual({ reports: null, drill: null });
  });

  test('are read with their zone, and a drill with its window and announcement', () => {
    const written = {
      reports: { schedule: '0 0 6 1 * *', zone: 'Europe/London' },
      drill: { schedule: '0 0 4 * * sun', window: '1h', announce: '14d', candidate: 'reading-b' },
    };
    expect(jobs(written)).toMatchObject({
      reports: {
        text: '0 0 6 1 * *',
        timeZone: 'Europe/London',
        fields: { seconds: [0], hours: [6], daysOfMonth: [1] },
      },
      drill: {
        schedule: { text: '0 0 4 * * sun', timeZone: 'UTC', fields: { hours: [4], daysOfWeek: [0] } },
        windowMs: 60 * minute,
        announceMs: 14 * 24 * 60 * minute,
        candidate: 'reading-b',
      },
    });
  });

  test('of a drill default to half an hour, announced a week ahead, with whoever is best', () => {
    expect(jobs({ drill: { schedule: '0 0 4 * * 0' } }).drill).toMatchObject({
      windowMs: 30 * minute,
      announceMs: 7 * 24 * 60 * minute,
      candidate: null,
    });
  });

  test.each<[says: string, shared: unknown, path: string, problem: string]>([
    [
      'that node-cron refuses',
      { reports: { schedule: '61 * * * * *' } },
      'reports.schedule',
      'is not a schedule: 61 is a invalid expression for second',
    ],
    [
      'of a day that never comes',
      { drill: { schedule: '0 0 0 31 2 *' } },
      'drill.schedule',
      'is not a schedule: 31 2 is an impossible day of month for the given month',
    ],
    [
      'of another count of fields',
      { reports: { schedule: '0 0 6 1 * * 2008' } },
      'reports.schedule',
      'is not a schedule: expected 5 or 6 fields but got 7',
    ],
    [
      'that names the last day',
      { reports: { schedule: '0 0 6 L * *' } },
      'reports.schedule',
      'has L, which is not supported: name days by number',
    ],
    ['in no zone', { reports: { schedule: '0 0 6 1 * *', zone: 'Slough' } }, 'reports.zone', 'not a time zone'],
    ['without a time', { drill: {} }, 'drill.schedule', 'is missing'],
    [
      'with a window of seconds',
      { drill: { schedule: '0 0 4 * * 0', window: '5s' } },
      'drill.window',
      '5s is out of range',
    ],
    [
      'with a candidate that is no name',
      { drill: { schedule: '0 0 4 * * 0', candidate: 'The Best' } },
      'drill.candidate',
      'not the name of a member',
    ],
    ['with a misspelt key', { drill: { schedule: '0 0 4 * * 0', windw: '5m' } }, 'drill.windw', 'unknown key'],
  ])('%s are refused at their key', (_says, shared, path, problem) => {
    const config = read(shared);
    expect(config.ok ? [] : config.error).toMatchObject([{ path, problem }]);
    if (!config.ok) expect(config.error[0]?.mend).not.toBe('');
  });
});
