import type { Announcement } from '../../../../src/core/sla/maintenance/announcement.ts';
import { minute } from '../../../../src/core/units.ts';

export const hour = 60 * minute;
export const day = 24 * hour;
/** Sunday 4 May 2008, 02:00 in London. */
export const sunday = Date.parse('2008-05-04T01:00:00Z');

/** Two hours on a Sunday night, announced nine days ahead for everything. */
export const anAnnouncement = (changes: Partial<Announcement> = {}): Announcement => ({
  id: 'kernel',
  from: sunday,
  to: sunday + 2 * hour,
  announcedAt: sunday - 9 * day,
  cancelledAt: null,
  cancelledBy: null,
  by: 'ada@slough-a',
  reason: 'a new kernel',
  contracts: null,
  sites: null,
  ...changes,
});
