/** A verdict on an outage in announced maintenance: what is inside the window does not count, and its overrun does. */
import { expect, test } from 'vitest';
import type { Contract } from '../../../../src/core/sla/contract.ts';
import type { Announcement } from '../../../../src/core/sla/maintenance/announcement.ts';
import { amended, termsFor } from '../../../../src/core/sla/case/amended.ts';
import { judged, verdicts } from '../../../../src/core/sla/verdict.ts';
import { termsSchema } from '../../../../src/wire/contract.ts';
import { aContract, EPOCH, failover, fold, sites } from '../facts.ts';
import { anAnnouncement, day, hour } from './an-announcement.ts';

/** An outage of 239 ms from EPOCH on. */
const incident = fold(failover).incident;
const terms: Partial<Contract> = {
  rtoMs: 100,
  detectionMs: null,
  exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: hour } },
};
const window = (changes: Partial<Announcement>) =>
  anAnnouncement({ from: EPOCH - hour, to: EPOCH + hour, announcedAt: EPOCH - 9 * day, ...changes });
const outcome = (announcements: readonly Announcement[], contract: Partial<Contract> = {}) =>
  verdicts(incident, [aContract({ ...terms, ...contract })], sites, announcements)[0]?.outcome;

test('an outage inside a window that was announced in time is excluded', () => {
  expect(outcome([window({})])).toEqual({
    kind: 'excluded',
    why: 'the whole outage was in maintenance announced in time',
  });
});

test.each<[says: string, announcements: readonly Announcement[], contract: Partial<Contract>, byMs: number]>([
  ['nothing was announced', [], {}, 139],
  ['it was announced too late', [window({ announcedAt: EPOCH - day })], {}, 139],
  ['another contract was named', [window({ contracts: ['another'] })], {}, 139],
  ['the window was called off before', [window({ cancelledAt: EPOCH - 1 })], {}, 139],
  ['it overran its window by more than the rto', [window({ to: EPOCH + 100 })], {}, 39],
  ['the cap let less pass', [window({})], { exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 39 } } }, 100],
])('the same outage is a breach when %s', (_says, announcements, contract, byMs) => {
  expect(outcome(announcements, contract)).toEqual({ kind: 'breached', breaches: [{ of: 'rto', byMs }] });
});

test('an overrun within the rto is met, and only the overrun is measured', () => {
  const [verdict] = verdicts(incident, [aContract(terms)], sites, [window({ to: EPOCH + 150 })]);
  expect(verdict).toMatchObject({ outcome: { kind: 'met' }, measures: [{ of: 'rto', actualMs: 89 }, {}, {}] });
});

test('lost commits are lost in maintenance too', () => {
  const lossy = { ...incident, loss: { bytesMax: 1, timeMsMax: 0, provedNone: false, basis: '' } };
  expect(verdicts(lossy, [aContract(terms)], sites, [window({})])[0]?.outcome).toEqual({
    kind: 'breached',
    breaches: [{ of: 'rpo', byBytes: 1 }],
  });
});

test('an amendment is judged by the announcements of its time, which its record carries', () => {
  const other = window({ id: 'later', from: EPOCH + day, to: EPOCH + 2 * day });
  const promised = { sites, contracts: [aContract(terms)], maintenance: [window({}), other] };
  const carried = termsFor(incident, promised);
  expect(carried.maintenance?.map(({ id }) => id)).toEqual(['kernel']);
  expect(termsSchema.parse(JSON.parse(JSON.stringify(carried)))).toEqual(carried);
  const changes = [{ field: 'instants.t7', from: '', to: JSON.stringify(new Date(EPOCH + 300).toISOString()) }];
  const act = { kind: 'amended', reason: 'the log says so', changes, terms: carried } as const;
  const { incident: after } = amended(incident, act, { id: 'e', at: new Date(EPOCH).toISOString(), by: 'ada' });
  expect(after.verdicts).toMatchObject([{ outcome: { kind: 'excluded' }, measures: [{ actualMs: 0 }, {}, {}] }]);
});

test('an incident keeps the version of the terms that was in force when it began, whatever is agreed afterwards', () => {
  const versions = [
    aContract({ version: 1, validTo: new Date(EPOCH + hour).toISOString() }),
    aContract({ version: 2, validFrom: new Date(EPOCH + hour).toISOString(), rtoMs: 1 }),
  ];
  expect(judged(incident, versions, sites).verdicts).toMatchObject([{ contractVersion: 1, outcome: { kind: 'met' } }]);
});
