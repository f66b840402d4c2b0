/** Whatever people write into the configuration, and whenever: what a month that is over came to stays what it was. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Account } from '../../../src/core/sla/accounting/account.ts';
import type { OutageRow } from '../../../src/core/sla/accounting/outage-row.ts';
import { slaReport } from '../../../src/core/sla/accounting/report.ts';
import { monthSpan } from '../../../src/core/sla/accounting/zone.ts';
import { contractProblems } from '../../../src/config/contract-schema.ts';
import { type Contract, endOf, startOf } from '../../../src/core/sla/contract.ts';
import { contractsInForce } from '../../../src/core/sla/contracts-in-force.ts';
import { type ContractsOnRecord, nothingOnRecord, termsToRecord } from '../../../src/core/sla/terms-on-record.ts';
import { dayMs, minute } from '../../../src/core/units.ts';
import { aContract, sites } from './facts.ts';

const began = Date.parse('2008-03-01T00:00:00Z');
const months = ['2008-02', '2008-03', '2008-04', '2008-05', '2008-06'];
const rows: readonly OutageRow[] = [
  { state: 'up', from: began - 40 * dayMs, to: began + 150 * dayMs, by: 'standby', sites: null },
  ...Array.from({ length: 40 }, (_, n): OutageRow => {
    const from = began - 38 * dayMs + n * 4 * dayMs;
    return { state: 'down', from, to: from + 60 * minute, by: 'observer', sites: n % 3 === 0 ? ['wexham'] : null };
  }),
];

const day = fc.integer({ min: -45, max: 140 }).map((days) => new Date(began + days * dayMs).toISOString());
const contract: fc.Arbitrary<Contract> = fc
  .record({
    id: fc.constantFrom('north', 'south'),
    version: fc.integer({ min: 1, max: 4 }),
    sites: fc.constantFrom(['wexham'], ['berkshire', 'wexham']),
    timeZone: fc.constantFrom('Europe/London', 'America/New_York', 'UTC'),
    targetPercent: fc.constantFrom(99, 99.9),
    rolling: fc.boolean(),
    validFrom: fc.option(day),
    validTo: fc.option(day),
  })
  .map(({ targetPercent, rolling, ...written }) =>
    aContract({
      ...written,
      availability: {
        targetPercent,
        window: rolling ? { kind: 'rolling', days: 30 } : { kind: 'calendar-month' },
      },
    }),
  );
/** As far as the configuration would not be refused. */
const configuration = fc.array(contract, { maxLength: 5 }).map((drawn) => {
  const taken: Contract[] = [];
  for (const each of drawn) if (contractProblems(sites, [...taken, each], []).length === 0) taken.push(each);
  return taken;
});
const edits = fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), configuration), { minLength: 1, maxLength: 8 });

const keyOf = ({ contract: id, contractVersion, span }: Account, month: string) =>
  `${month} ${id} ${contractVersion} ${span.from}`;

test('the account of a month that is over stays, whatever is edited after it', () => {
  fc.assert(
    fc.property(edits, (seen) => {
      let recorded: ContractsOnRecord = nothingOnRecord;
      let now = began;
      const accounts = new Map<string, Account>();
      for (const [days, configured] of seen) {
        now += days * dayMs;
        const due = termsToRecord(configured, recorded, now);
        recorded = {
          ...recorded,
          terms: [...recorded.terms, ...due.terms],
          ends: [...recorded.ends, ...due.ends],
        };
        const { contracts } = contractsInForce(configured, recorded, now);
        const inForceTogether = contracts.filter((one) =>
          contracts.some(
            (other) =>
              other !== one && other.id === one.id && startOf(one) < endOf(other) && startOf(other) < endOf(one),
          ),
        );
        expect(inForceTogether).toEqual([]);
        const ledgered = { cluster: 'domain-1', sites, contracts, maintenance: [], rows: () => rows };
        const found = new Map<string, Account>();
        for (const month of months)
          for (const each of slaReport(ledgered, now, { kind: 'month', month }).contracts)
            if (now >= monthSpan(each.timeZone, month).to) found.set(keyOf(each, month), each);
        for (const [key, before] of accounts) expect(found.get(key), key).toEqual(before);
        for (const [key, each] of found) accounts.set(key, each);
      }
    }),
    { numRuns: 60 },
  );
});
