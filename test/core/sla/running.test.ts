import { describe, expect, test } from 'vitest';
import type { Contract } from '../../../src/core/sla/contract.ts';
import { runningBreaches } from '../../../src/core/sla/running.ts';
import { minute } from '../../../src/core/units.ts';
import { aContract, failover, fold, sites } from './facts.ts';
import { anAnnouncement } from './maintenance/an-announcement.ts';

const over = fold(failover).incident;
/** Since 08:15:00 UTC, a quarter past nine in London; nobody has written anything since. */
const goesOn = { ...over, state: 'open', instants: { ...over.instants, t7: null, t8: null } } as const;
const at = (text: string) => Date.parse(`2008-04-24T${text}Z`);
const opensAtTen = [{ fromMinute: 600, toMinute: 1080 }];
const closed = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };
const breaches = (nowWall: number, ...contracts: readonly Partial<Contract>[]) =>
  runningBreaches(goesOn, { sites, contracts: contracts.map((each) => aContract(each)) }, nowWall);

describe('while an outage goes on', () => {
  test.each<[says: string, now: string, contract: Partial<Contract>, usedMs: number, inMs: number | null]>([
    ['a breach comes nearer', '08:20:00', {}, 5 * minute, 25 * minute],
    ['it is now', '08:45:00', {}, 30 * minute, 0],
    ['it has come', '08:59:00', {}, 44 * minute, -14 * minute],
    [
      'it waits for the service hours',
      '08:20:00',
      { serviceHours: { kind: 'weekly', days: { ...closed, thu: opensAtTen } } },
      0,
      70 * minute,
    ],
    [
      'it is a week away',
      '08:20:00',
      { serviceHours: { kind: 'weekly', days: { ...closed, wed: opensAtTen } } },
      0,
      6 * 24 * 60 * minute + 70 * minute,
    ],
    ['there is none without service hours', '08:20:00', { serviceHours: { kind: 'weekly', days: closed } }, 0, null],
  ])('%s', (_says, now, contract, usedMs, inMs) => {
    expect(breaches(at(now), contract)).toMatchObject([{ contract: 'royal-berkshire', usedMs, inMs }]);
  });

  test('it waits until announced maintenance is over, and then for the rest of what the contract lets pass', () => {
    const running = (capMs: number, from: string, to: string) => {
      const window = anAnnouncement({ from: at(from), to: at(to), announcedAt: at('00:00:00') - 9 * 24 * 60 * minute });
      const contract = aContract({ exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: capMs } } });
      return runningBreaches(goesOn, { sites, contracts: [contract], maintenance: [window] }, at('08:25:00'))[0];
    };
    expect(running(60 * minute, '08:00:00', '09:00:00')).toMatchObject({ usedMs: 0, inMs: 65 * minute });
    expect(running(60 * minute, '08:00:00', '08:20:00')).toMatchObject({ usedMs: 5 * minute, inMs: 25 * minute });
    expect(running(2 * minute, '08:00:00', '09:00:00')).toMatchObject({ usedMs: 8 * minute, inMs: 22 * minute });
  });

  test('the next breach is first, with its instant', () => {
    const found = breaches(at('08:20:00'), { id: 'an-hour', rtoMs: 60 * minute }, { id: 'half-an-hour' });
    expect(found.map(({ contract, breachesAt }) => [contract, breachesAt])).toEqual([
      ['half-an-hour', '2008-04-24T08:45:00.000Z'],
      ['an-hour', '2008-04-24T09:15:00.000Z'],
    ]);
  });

  test('only contracts that are in force and cover a site of the cluster count', () => {
    expect(breaches(at('08:20:00'), { sites: ['elsewhere'] }, { validTo: '2008-04-01T00:00:00Z' })).toEqual([]);
  });

  test('nothing is said once writes are good again', () => {
    expect(runningBreaches(over, { sites, contracts: [aContract()] }, at('08:20:00'))).toEqual([]);
    const back = { ...goesOn, instants: { ...goesOn.instants, t7: over.instants.t7 } };
    expect(runningBreaches(back, { sites, contracts: [aContract()] }, at('08:20:00'))).toEqual([]);
  });
});
