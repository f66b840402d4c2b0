/** An account follows what people corrected, and the rows that were measured stay. */
import { describe, expect, test } from 'vitest';
import { account } from '../../../../src/core/sla/accounting/account.ts';
import { measured, type OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { correctionOf, correctionRows } from '../../../../src/core/sla/case/correction-rows.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import { minute } from '../../../../src/core/units.ts';
import { april, contract, outage, rows } from '../accounting/hospital-2008.ts';
import { acknowledged, amendment, entry, incident2008 } from './a-case.ts';

const amendedTo = (changes: { readonly t0?: string; readonly t7?: string; readonly sites?: readonly string[] }) => {
  const { instants, affectedSites } = incident2008;
  const at = (instant: Incident['instants']['t0'], wall: string | undefined) =>
    instant === null || wall === undefined ? instant : { ...instant, wall };
  return {
    ...incident2008,
    instants: { ...instants, t0: at(instants.t0, changes.t0), t7: at(instants.t7, changes.t7) },
    affectedSites:
      changes.sites === undefined ? affectedSites : affectedSites.filter(({ id }) => changes.sites?.includes(id)),
  };
};
const countedMs = (corrections: readonly OutageRow[], of = contract): number => {
  const seen = measured([...rows, ...corrections], of.sites);
  return account(of, april, { measured: seen, maintenance: [], asOf: april.to })?.countedMs ?? -1;
};
const recordedMs = outage.to - outage.from;

describe('the account of a month', () => {
  test('is what was measured where nothing that it counts was amended', () => {
    expect(correctionOf(incident2008, { ...incident2008, because: 'another' })).toEqual([]);
    expect(countedMs([])).toBe(recordedMs);
  });

  test.each<[string, Parameters<typeof amendedTo>[0], number]>([
    ['ended earlier', { t7: '2008-04-24T08:45:00.000Z' }, 30 * minute],
    ['ended later', { t7: '2008-04-24T09:15:00.000Z' }, 60 * minute],
    ['began earlier', { t0: '2008-04-24T08:00:00.000Z' }, recordedMs + 15 * minute],
    ['began later', { t0: '2008-04-24T08:20:00.000Z' }, recordedMs - 5 * minute],
    ['was at another time altogether', { t0: '2008-04-24T12:00:00.000Z', t7: '2008-04-24T12:10:00.000Z' }, 10 * minute],
    ['befell one site only', { sites: ['wexham'] }, recordedMs],
    ['befell nobody', { sites: [] }, 0],
  ])('follows an outage that %s', (_says, changes, ms) => {
    expect(countedMs(correctionOf(incident2008, amendedTo(changes)))).toBe(ms);
  });

  test('of a contract whose sites were spared counts nothing', () => {
    const corrections = correctionOf(incident2008, amendedTo({ sites: ['wexham'] }));
    expect(countedMs(corrections, { ...contract, sites: ['berkshire'] })).toBe(0);
    expect(countedMs(corrections, { ...contract, sites: ['wexham', 'berkshire'] })).toBe(recordedMs);
  });

  test('is what an observer measured, unless somebody corrected that', () => {
    const observed: OutageRow = { state: 'down', from: outage.from, to: outage.to, by: 'observer', sites: null };
    const corrections = correctionOf(incident2008, amendedTo({ t7: '2008-04-24T08:45:00.000Z' }));
    expect(countedMs([observed, ...corrections])).toBe(30 * minute);
  });

  test('leaves what is not known as it was measured', () => {
    const { instants } = incident2008;
    expect(correctionOf(incident2008, { ...incident2008, instants: { ...instants, t7: null } })).toEqual([]);
  });
});

test('corrections come from the cases that were amended', () => {
  const t0 = incident2008.instants.t0?.wall ?? '';
  const amendedEntry = entry(70, amendment([['instants.t0', t0, '2008-04-24T08:20:00.000Z']]));
  const files = [{ incident: incident2008.id, entries: [entry(0, acknowledged), amendedEntry] }];
  const corrections = correctionRows([incident2008], files);
  expect(countedMs(corrections)).toBe(recordedMs - 5 * minute);
  expect(
    correctionRows([incident2008], [{ ...files[0], incident: incident2008.id, entries: [entry(0, acknowledged)] }]),
  ).toEqual([]);
  expect(correctionRows([], files)).toEqual([]);
});
