import { describe, expect, test } from 'vitest';
import { renderBudget } from '../../src/cli/sla.ts';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { ok } from '../../src/core/result.ts';
import { slaReport } from '../../src/core/sla/accounting/report.ts';
import { reportText } from '../../src/core/sla/accounting/report-text.ts';
import type { Snapshot } from '../../src/ports/coordinator.ts';
import { formatServiceSheet, serviceKey } from '../../src/wire/service-sheet.ts';
import { contract, outage, rows } from '../core/sla/accounting/hospital-2008.ts';
import { sites } from '../core/sla/facts.ts';
import { baton } from './run-baton.ts';

const asOf = Date.parse('2008-05-02T00:00:00Z');
const ledgered = { cluster: 'domain-1', sites, contracts: [contract], maintenance: [], rows: () => rows };
const april = slaReport(ledgered, asOf, { kind: 'month', month: '2008-04' });

/** As etcd holds it: contracts as people write them, and what one member saw. */
const config = JSON.stringify({
  sites: sites.map(({ id, name }) => ({ id, name })),
  contracts: [
    {
      id: contract.id,
      customer: contract.customer,
      sites: contract.sites,
      zone: contract.timeZone,
      rto: '60m',
      availability: { target: 99.9, per: 'month' },
      credits: [
        { below: 99.9, credit: 5 },
        { below: 99, credit: 25 },
      ],
    },
  ],
});
const sheet = { day: '2008-04-24', member: 'a', rows: rows.filter(({ state }) => state === 'down'), cutOff: false };
const etcd: EtcdReader = {
  cluster: 'domain-1',
  read: async () =>
    ok({
      entries: new Map([
        ['config', { value: config }],
        [serviceKey(sheet), { value: formatServiceSheet(sheet) }],
      ]),
    } as unknown as Snapshot),
};

describe('baton sla', () => {
  test('report prints the month that was asked for, as the daemon counts it', async () => {
    const { exit, terminal } = await baton('sla report --month 2008-04', {
      'GET /v1/sla?month=2008-04': { body: april },
    });
    expect({ exit, text: terminal.stdout.trimEnd() }).toEqual({ exit: 0, text: reportText(april) });
  });

  test('report reads like this', async () => {
    await expect(`${reportText(april)}\n`).toMatchFileSnapshot('golden/sla-report.txt');
  });

  test('report is counted from etcd when no daemon answers: what nobody put there was not measured', async () => {
    const { exit, terminal } = await baton('sla report --month 2008-04 --json', null, { etcd });
    expect(exit).toBe(0);
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      source: 'etcd',
      month: '2008-04',
      contracts: [
        { contract: contract.id, countedMs: outage.to - outage.from, upMs: 0, target: { outcome: 'missed' } },
      ],
      sites: sites.map(({ id }) => ({ site: id, outages: 1 })),
    });
  });

  test('report is of a window, too, in text and JSON', async () => {
    const window = '--from 2008-04-24T09:30:00+01:00 --to 2008-04-25T00:00:00+01:00';
    const { exit, terminal } = await baton(`sla report ${window} --json`, null, { etcd });
    expect(exit).toBe(0);
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      month: null,
      provisional: false,
      contracts: [{ countedMs: 29 * 60_000, serviceMs: 14.5 * 3_600_000 }],
      sites: sites.map(({ id }) => ({ site: id, downMs: 29 * 60_000 })),
    });
    const asked = await baton(`sla report ${window}`, {
      'GET /v1/sla?from=2008-04-24T08%3A30%3A00.000Z&to=2008-04-24T23%3A00%3A00.000Z': { body: april },
    });
    expect(asked.exit).toBe(0);
  });

  test('budget shows who has the least left first', () => {
    const easy = { ...contract, id: 'easy', availability: { ...contract.availability!, targetPercent: 99 } };
    const silent = { ...contract, id: 'silent', availability: null };
    const { contracts } = slaReport({ ...ledgered, contracts: [easy, silent, contract] }, asOf, {
      kind: 'month',
      month: '2008-04',
    });
    expect(renderBudget(contracts)).toBe(`\
CONTRACT          TARGET     SO FAR       BUDGET        LEFT  UNMEASURED
hospital-records  99.9 %  99.8981 %  43 min 12 s   OVER 48 s        0 ms
easy                99 %  99.8981 %   7 h 12 min  6 h 28 min        0 ms`);
    expect(renderBudget([])).toBe('No contract in force promises an availability.');
  });

  test('budget says "at most" where somebody did not measure, and fits into 80 columns with the longest name', () => {
    const long = { ...contract, id: `records-of-${'all-'.repeat(12)}hospitals` };
    const [down] = rows.filter(({ state }) => state === 'down');
    const known = { ...ledgered, contracts: [long], rows: () => (down === undefined ? [] : [down]) };
    const text = renderBudget(slaReport(known, asOf, { kind: 'month', month: '2008-04' }).contracts);
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^CONTRACT /),
      long.id,
      expect.stringMatching(/^ .* <= 99.8981 %/),
    ]);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('report cuts no number off, and calls no site "never down" in a month that has not begun', () => {
    const hours = slaReport(ledgered, asOf, { kind: 'month', month: '2008-04' }).sites.map((site) => ({
      ...site,
      ...{ outages: 3, downMs: 2_788, degradedMs: 21_812, unmeasuredMs: 717 * 3_600_000 + 360_000 },
    }));
    const lines = reportText({ ...april, sites: hours }).split('\n');
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain('degraded 21.812 s, not measured 717 h 6 min');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const future = reportText(slaReport(ledgered, asOf, { kind: 'month', month: '2008-06' }));
    expect(future).toContain('not begun');
    expect(future).not.toContain('never down');
  });

  const [from, to] = ['--from 2008-04-24T00:00:00Z', '--to 2008-04-25T00:00:00Z'];
  test.each([
    'sla report --month 2008-13',
    'sla report --month April',
    'sla',
    'sla report --from April --to May',
    `sla report ${from}`,
    `sla report ${to} --from 2008-04-26T00:00:00Z`,
    `sla report ${from} ${to} --month 2008-04`,
    `sla report ${from} ${to} --format html`,
  ])('%s is a usage error', async (argv) => {
    expect((await baton(argv, null, { etcd })).exit).toBe(2);
  });
});
