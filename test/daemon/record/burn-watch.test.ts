import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import { minute, second, wallMs } from '../../../src/core/units.ts';
import { BurnWatch } from '../../../src/daemon/record/burn-watch.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import type { Coordinator } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { contract, outage, rows } from '../../core/sla/accounting/hospital-2008.ts';
import { sites } from '../../core/sla/facts.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

test('a budget that burns is told once a day, also by the next leader', async () => {
  const clock = new VirtualClock(wallMs(outage.from + 2 * minute));
  const disk: unknown[] = [];
  const aLeader = () => {
    const told: string[] = [];
    const journal = { decided: () => undefined, happened: () => undefined };
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
    const ledgered = () => ({ cluster: 'domain-1', sites, contracts: [contract], maintenance: [], rows: () => rows });
    const watch = new BurnWatch({
      member: 'slough-a',
      clock,
      records,
      ledgered,
      budgetBurning: ({ says }) => void told.push(says),
    });
    const leads = async (forMs: number): Promise<void> => {
      for (let passed = 0; passed < forMs; passed += 10 * second) {
        watch.consider(clock.mono());
        await clock.runFor(10 * second);
      }
    };
    return { told, leads };
  };
  const first = aLeader();
  await first.leads(5 * minute);
  expect(first.told).toEqual([
    'the downtime budget of hospital-records is used up 33.3 times as fast as it can last, over the last 1 h',
  ]);
  const next = aLeader();
  await next.leads(5 * minute);
  expect(next.told).toEqual([]);
});
