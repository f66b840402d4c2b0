import { expect, test } from 'vitest';
import type { Contract } from '../../../../src/core/sla/contract.ts';
import { measured, type OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { burnWarnings } from '../../../../src/core/sla/report/burn.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { aContract, EPOCH } from '../facts.ts';
import { anAnnouncement, day, hour } from '../maintenance/an-announcement.ts';

const now = EPOCH;
const contract = aContract({ availability: { targetPercent: 99.9, window: { kind: 'calendar-month' } } });
/** Up for a month, but down in these stretches, each so long before now. */
const seen = (...down: readonly (readonly [fromAgoMs: number, toAgoMs: number])[]) => {
  const rows: OutageRow[] = down.map(([from, to]) => ({
    state: 'down',
    by: 'observer',
    sites: null,
    from: now - from,
    to: now - to,
  }));
  return measured([{ state: 'up', by: 'standby', sites: null, from: now - 60 * day, to: now }, ...rows], ['berkshire']);
};
const warned = (measuredThen: ReturnType<typeof seen>, changes: Partial<Contract> = {}, window = false) => {
  const maintenance = window ? [anAnnouncement({ from: now - day, to: now + day, announcedAt: now - 30 * day })] : [];
  const facts = { measured: measuredThen, maintenance, asOf: now };
  const [warning] = burnWarnings({ ...contract, ...changes }, facts);
  return warning === undefined ? null : `${warning.severity} ${warning.longMs / hour} h`;
};
/** 99.9 % leaves 3.6 s of an hour: 14.4 times that is 51.84 s, 6 times that of six hours 129.6 s. */
test.each<[says: string, warning: string | null, expected: string | null]>([
  ['nobody when nothing was down', warned(seen()), null],
  ['nobody of what was over half an hour ago', warned(seen([30 * minute + 60 * second, 30 * minute])), null],
  ['somebody at once when a fiftieth of the budget went in an hour', warned(seen([52 * second, 0])), 'page 1 h'],
  ['nobody at once while it was less', warned(seen([51 * second, 0])), null],
  [
    'somebody at once when a twentieth went in six hours',
    warned(seen([20 * minute, 20 * minute - 130 * second])),
    'page 6 h',
  ],
  [
    'somebody by the next day of a tenth in three',
    warned(seen([2 * day, 2 * day - 4 * minute], [5 * hour, 5 * hour - 30 * second])),
    'ticket 72 h',
  ],
  ['nobody of a budget that was never promised', warned(seen([hour, 0]), { availability: null }), null],
  [
    'nobody of a contract that is not in force',
    warned(seen([hour, 0]), { validTo: new Date(now - hour).toISOString() }),
    null,
  ],
  [
    'nobody of downtime in announced maintenance',
    warned(seen([10 * minute, 0]), { exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } }, true),
    null,
  ],
  [
    'somebody of any downtime where none is allowed',
    warned(seen([second, 0]), { availability: { targetPercent: 100, window: { kind: 'calendar-month' } } }),
    'page 1 h',
  ],
])('a burning budget tells %s', (_says, warning, expected) => {
  expect(warning).toBe(expected);
});

test('a warning says how fast and for whom', () => {
  const [warning] = burnWarnings(contract, { measured: seen([2 * minute, 0]), maintenance: [], asOf: now });
  expect(warning).toMatchObject({
    contract: 'royal-berkshire',
    burnRate: 33.3,
    says: 'the downtime budget of royal-berkshire is used up 33.3 times as fast as it can last, over the last 1 h',
  });
});
