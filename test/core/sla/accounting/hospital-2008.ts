/**
 * The morning that Baton exists for: on Thursday 24 April 2008, in British Summer Time, four sites were without their
 * records from 09:15 to 09:59. What else is written here (who promised what) is an example, not history.
 */
import type { OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { minute } from '../../../../src/core/units.ts';
import { aContract, sites } from '../facts.ts';

export const outage = { from: Date.parse('2008-04-24T09:15+01:00'), to: Date.parse('2008-04-24T09:59+01:00') };
export const april = { from: Date.parse('2008-04-01T00:00+01:00'), to: Date.parse('2008-05-01T00:00+01:00') };

export const rows: readonly OutageRow[] = [
  { state: 'up', from: april.from, to: outage.from, by: 'standby', sites: null },
  { state: 'down', ...outage, by: 'standby', sites: null },
  { state: 'up', from: outage.to, to: april.to, by: 'standby', sites: null },
];

export const contract = aContract({
  id: 'hospital-records',
  customer: 'The four hospitals',
  sites: sites.map(({ id }) => id),
  rtoMs: 60 * minute,
  availability: { targetPercent: 99.9, window: { kind: 'calendar-month' } },
  creditBands: [
    { belowPercent: 99.9, creditPercent: 5 },
    { belowPercent: 99, creditPercent: 25 },
  ],
});
