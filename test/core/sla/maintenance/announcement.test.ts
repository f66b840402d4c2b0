import { describe, expect, test } from 'vitest';
import type { Contract } from '../../../../src/core/sla/contract.ts';
import {
  type Announcement,
  announcementsOf,
  inWindow,
  type MaintenanceRecord,
} from '../../../../src/core/sla/maintenance/announcement.ts';
import {
  type AnnouncementDraft,
  announcementProblem,
} from '../../../../src/core/sla/maintenance/announcement-check.ts';
import { rulings } from '../../../../src/core/sla/maintenance/ruling.ts';
import { aContract, sites } from '../facts.ts';
import { anAnnouncement, day, hour, sunday } from './an-announcement.ts';

const allowed = { exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } };

describe('what an announcement means for a contract', () => {
  test.each<
    [says: string, announcement: Partial<Announcement>, contract: Partial<Contract>, excluded: boolean, why: string]
  >([
    [
      'is exclusion when the notice was kept',
      {},
      allowed,
      true,
      'announced 9 days ahead, 7 days agreed; at most 4 h in a calendar month',
    ],
    [
      'is exclusion at exactly the notice',
      { announcedAt: sunday - 7 * day },
      allowed,
      true,
      'announced 7 days ahead, 7 days agreed; at most 4 h in a calendar month',
    ],
    [
      'is none a millisecond too late',
      { announcedAt: sunday - 7 * day + 1 },
      allowed,
      false,
      'announced too late: 6 days ahead, 7 days agreed',
    ],
    [
      'is none when it was said the same night',
      { announcedAt: sunday - 90 * 60_000 },
      allowed,
      false,
      'announced too late: 1 h 30 min ahead, 7 days agreed',
    ],
    [
      'says that a longer window than the cap counts',
      { to: sunday + 5 * hour },
      allowed,
      true,
      'announced 9 days ahead, 7 days agreed; at most 4 h in a calendar month, and the window is longer',
    ],
    ['is none without a clause for it', {}, {}, false, 'its terms exclude no maintenance'],
    [
      'is none for a contract that was not named',
      { contracts: ['another'] },
      allowed,
      false,
      'it is not among what was announced',
    ],
    [
      'is exclusion for the one that was named',
      { contracts: ['royal-berkshire'] },
      allowed,
      true,
      'announced 9 days ahead, 7 days agreed; at most 4 h in a calendar month',
    ],
    [
      'is exclusion when every site of it was named',
      { sites: ['berkshire', 'wexham'] },
      allowed,
      true,
      'announced 9 days ahead, 7 days agreed; at most 4 h in a calendar month',
    ],
    [
      'is none while one of its sites was left out',
      { sites: ['berkshire'] },
      { ...allowed, sites: ['berkshire', 'wexham'] },
      false,
      'it covers wexham too, which is not announced',
    ],
    [
      'is none when it was called off before it began',
      { cancelledAt: sunday - hour, cancelledBy: 'bob' },
      allowed,
      false,
      'it was called off',
    ],
  ])('%s', (_says, announcement, contract, excluded, why) => {
    expect(rulings(anAnnouncement(announcement), [aContract(contract)])).toMatchObject([{ excluded, why }]);
  });

  test('is said of the version of the terms that is in force when the window begins', () => {
    const versions = [
      aContract({ version: 1, validTo: '2008-05-01T00:00:00Z', ...allowed }),
      aContract({ version: 2, validFrom: '2008-05-01T00:00:00Z' }),
    ];
    expect(rulings(anAnnouncement(), versions)).toMatchObject([{ contractVersion: 2, excluded: false }]);
  });
});

describe('a window', () => {
  const draft: AnnouncementDraft = { from: sunday, to: sunday + hour, contracts: null, sites: null };
  const promises = { sites, contracts: [aContract()] };
  const now = sunday - 9 * day;
  test.each<[says: string, changes: Partial<AnnouncementDraft>, condition: string | null]>([
    ['ahead of now can be announced', {}, null],
    ['for what is known can be announced', { contracts: ['royal-berkshire'], sites: ['wexham'] }, null],
    ['that ends before it begins is refused', { to: sunday - 1 }, 'window-order'],
    ['of no length is refused', { to: sunday }, 'window-order'],
    ['in the past is refused', { from: now - day, to: now - hour }, 'window-past'],
    ['that began in the past is refused', { from: now - hour }, 'window-past'],
    ['that begins as it is announced can be', { from: now - 30_000 }, null],
    ['of more than a month is refused', { to: sunday + 32 * day }, 'window-length'],
    ['in two years is refused', { from: now + 700 * day, to: now + 700 * day + hour }, 'window-far'],
    ['for an unknown contract is refused', { contracts: ['royal'] }, 'contract-known'],
    ['for an unknown site is refused', { sites: ['slough'] }, 'site-known'],
  ])('%s', (_says, changes, condition) => {
    expect(announcementProblem({ ...draft, ...changes }, promises, now)?.condition ?? null).toBe(condition);
  });

  test('that is refused says what could be named', () => {
    expect(announcementProblem({ ...draft, contracts: ['royal'] }, promises, now)?.problem).toBe(
      'there is no contract royal: name one of royal-berkshire',
    );
  });
});

describe('announcements from their records', () => {
  const announced = (id: string, from: number): MaintenanceRecord => ({
    kind: 'announced',
    id,
    at: sunday - 9 * day,
    by: 'ada',
    from,
    to: from + hour,
    contracts: null,
    sites: null,
    reason: '',
  });
  const cancelled: MaintenanceRecord = { kind: 'cancelled', id: 'a', at: sunday + 60_000, by: 'bob' };

  test('come in the order of their windows, called off or not, whatever order the records have', () => {
    const known = announcementsOf([cancelled, announced('b', sunday + hour), announced('a', sunday)]);
    expect(known.map(({ id, cancelledAt, cancelledBy }) => [id, cancelledAt, cancelledBy])).toEqual([
      ['a', sunday + 60_000, 'bob'],
      ['b', null, null],
    ]);
    expect(announcementsOf([cancelled])).toEqual([]);
  });

  test('show whether service is away as announced: inside the window, and until it is called off', () => {
    const known = announcementsOf([announced('a', sunday), cancelled]);
    const at = (moment: number) => inWindow(known, moment)?.id ?? null;
    expect([at(sunday - 1), at(sunday), at(sunday + 59_999), at(sunday + 60_000)]).toEqual([null, 'a', 'a', null]);
  });
});
