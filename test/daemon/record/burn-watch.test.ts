/** When a budget that burns is written down, and when that it has stopped. */
import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import { noNews, type Standing } from '../../../src/core/sla/notices/news.ts';
import type { OutageRow } from '../../../src/core/sla/accounting/outage-row.ts';
import { minute, second, wallMs } from '../../../src/core/units.ts';
import { BurnWatch } from '../../../src/daemon/record/burn-watch.ts';
import { NewsBook } from '../../../src/daemon/record/news-book.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import type { Coordinator } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { contract, outage, rows } from '../../core/sla/accounting/hospital-2008.ts';
import { sites } from '../../core/sla/facts.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const loss = { lost: 'nothing', bytesMax: 0, timeMsMax: 0, says: 'Nothing was lost.' } as const;

function aWorld(ledgered: readonly OutageRow[] = rows, from = outage.from + 2 * minute) {
  const clock = new VirtualClock(wallMs(from));
  const disk: unknown[] = [];
  const aLeader = () => {
    const told: string[] = [];
    const journal = {
      decided: () => undefined,
      happened: (event: string, { says, burn }: Readonly<Record<string, unknown>>) =>
        void told.push(`${event}: ${String(says ?? burn)}`),
    };
    const ledger = {
      append: async (_kind: string, body: unknown) => {
        disk.push(body);
        return ok({});
      },
      bodies: () => [...disk],
    };
    const coordinator = { commit: async () => ({ kind: 'failed', problem: 'no etcd' }) };
    const records = new Records(
      { clock, journal, ledger: ledger as unknown as Ledger, coordinator: coordinator as unknown as Coordinator },
      { kind: 'report', prefixes: ['reports/'], daysInEtcd: 400, recordsMax: 100 },
    );
    const promised = { sites, contracts: [contract], maintenance: [] };
    const watch = new BurnWatch({
      ...{ member: 'slough-a', clock, records, journal },
      ledgered: () => ({ cluster: 'domain-1', ...promised, rows: () => ledgered }),
      standing: (_contract, at): Standing => ({ at, loss, budgetMs: 1, leftMs: 0 }),
    });
    const leads = async (forMs: number): Promise<void> => {
      for (let passed = 0; passed < forMs; passed += 10 * second) {
        watch.consider(clock.mono());
        await clock.runFor(10 * second);
      }
    };
    return { told, leads, news: () => new NewsBook(clock, records).news() };
  };
  return { clock, aLeader };
}

const burning =
  'budget-burning: the downtime budget of hospital-records is used up 33.3 times as fast as it can last, over the last 1 h';

test('a budget that burns is told once a day, also by the next leader', async () => {
  const { aLeader } = aWorld();
  const first = aLeader();
  await first.leads(5 * minute);
  expect(first.told).toEqual([burning]);
  const next = aLeader();
  await next.leads(5 * minute);
  expect(next.told).toEqual([]);
  expect(next.news().burns).toMatchObject([{ id: '2008-04-24-page', over: null, from: { loss } }]);
});

test('that it has stopped is written down by whoever leads then', async () => {
  const { clock, aLeader } = aWorld();
  const first = aLeader();
  await first.leads(2 * minute);
  await clock.runFor(12 * 60 * minute);
  const next = aLeader();
  await next.leads(2 * minute);
  expect(next.told).toEqual(['budget-burning-over: 2008-04-24-page']);
  expect(next.news().burns).toMatchObject([{ id: '2008-04-24-page', over: { loss, budgetMs: 1 } }]);
});

test('one that begins again the same day is told again, five times at most', async () => {
  const everyMs = 100 * minute;
  const again = Array.from({ length: 12 }, (_, n) => outage.from + n * everyMs);
  const flapping: readonly OutageRow[] = again.flatMap((from) => [
    { state: 'down', from, to: from + 10 * minute, by: 'standby', sites: null } as const,
    { state: 'up', from: from + 10 * minute, to: from + everyMs, by: 'standby', sites: null } as const,
  ]);
  const { aLeader } = aWorld(flapping, outage.from - minute);
  const leader = aLeader();
  await leader.leads(14 * 60 * minute);
  const begun = leader.told.filter((event) => event.startsWith('budget-burning: ') && !event.includes('72 h'));
  expect(begun.length).toBeGreaterThan(1);
  expect(begun.length).toBeLessThanOrEqual(5);
});

test('what is no record of a budget is none', () => {
  const { clock } = aWorld();
  const under = () => [{ key: 'reports/burn/x/y', value: { at: '2008-04-24T08:00:00.000Z' } }];
  expect(new NewsBook(clock, { under, changes: 1 } as unknown as Records).news()).toEqual(noNews);
});
