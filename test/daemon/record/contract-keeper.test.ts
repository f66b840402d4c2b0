/** The terms of a contract are put on record by whoever leads, once, and rule on every member from then on. */
import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import type { Contract } from '../../../src/core/sla/contract.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { revision, wallMs } from '../../../src/core/units.ts';
import { ContractKeeper } from '../../../src/daemon/record/contract-keeper.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { aContract, sites } from '../../core/sla/facts.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const epoch = wallMs(Date.parse('2008-04-24T12:00:00.000Z'));
const north = aContract({ id: 'north', rtoMs: 1_000 });
const key = 'contracts/north/1';

class Etcd {
  readonly values = new Map<string, string>();
  puts = 0;
  readonly coordinator = {
    commit: async ({ compares, writes: [write] }: Txn): Promise<TxnOutcome> => {
      if (compares.some((compare) => 'absent' in compare && this.values.has(compare.key)))
        return { kind: 'refused', revision: revision(1) };
      if (write?.op === 'put') {
        this.puts += 1;
        this.values.set(write.key, write.value);
      }
      return { kind: 'applied', revision: revision(1) };
    },
  } as unknown as Coordinator;

  configure(contracts: readonly Contract[] | string): void {
    this.values.set('config', typeof contracts === 'string' ? contracts : JSON.stringify(contracts));
  }
}

function aMember(member: string, clock: VirtualClock, etcd: Etcd, disk: unknown[] = []) {
  const told: string[] = [];
  const journal = { decided: () => undefined, happened: () => undefined };
  const before = [...disk];
  const records = new Records(
    {
      ...{ clock, journal, coordinator: etcd.coordinator },
      ledger: {
        append: async (_kind: string, body: unknown) => {
          disk.push(body);
          return ok({});
        },
        bodies: () => before,
      } as unknown as Ledger,
    },
    { kind: 'contract', prefixes: ['contracts/'], daysInEtcd: 36_600, recordsMax: 100 },
  );
  const keeper = new ContractKeeper({
    ...{ member, clock, journal, records },
    log: { warn: (_says: string, about: { path: string }) => told.push(about.path) } as never,
    promisesOf: (text) => (text.startsWith('[') ? { sites, contracts: JSON.parse(text) as Contract[] } : null),
  });
  /** `leads` for as long as what it has to say takes. */
  const sees = async (leads = false) => {
    for (let round = 0; round < 3; round += 1) {
      const entries = new Map([...etcd.values].map(([name, value]) => [name, { value }]));
      const snapshot = { entries } as unknown as Snapshot;
      records.sawSnapshot(snapshot);
      keeper.sawSnapshot(snapshot);
      keeper.considered(leads);
      await clock.runFor(4_000);
    }
  };
  const rtos = () => keeper.promises.contracts.map(({ version, rtoMs }) => [version, rtoMs]);
  return { keeper, sees, told, disk, rtos };
}

describe('the terms of a contract', () => {
  test('are put on record by whoever leads, once, and come to every disk', async () => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const [a, b] = [aMember('a', clock, etcd), aMember('b', clock, etcd)];
    etcd.configure([north]);
    await b.sees();
    expect(etcd.values.has(key)).toBe(false);
    await a.sees(true);
    await b.sees();
    await b.sees(true);
    expect(etcd.puts).toBe(1);
    expect(JSON.parse(etcd.values.get(key) ?? '')).toEqual({ v: 1, at: expect.any(String), by: 'a', terms: north });
    expect(b.disk).toEqual(a.disk);
    expect(a.disk).toHaveLength(1);
  });

  test('rule on every member although they were changed in place, which each says once', async () => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const members = [aMember('a', clock, etcd), aMember('b', clock, etcd)] as const;
    etcd.configure([north]);
    for (const each of members) await each.sees(each === members[0]);
    etcd.configure([{ ...north, rtoMs: 2_000 }]);
    for (const each of [...members, ...members]) await each.sees(each === members[0]);
    for (const each of members) {
      expect(each.rtos()).toEqual([[1, 1_000]]);
      expect(each.told).toEqual(['contracts[0].rto']);
      expect(each.keeper.problems()).toEqual([expect.stringContaining('raise its version')]);
    }
    etcd.configure([{ ...north, rtoMs: 2_000, version: 2, validFrom: '2008-05-01T00:00:00Z' }]);
    for (const each of members) await each.sees(each === members[0]);
    for (const each of members) {
      expect(each.rtos()).toEqual([
        [2, 2_000],
        [1, 1_000],
      ]);
      expect(each.keeper.problems()).toEqual([]);
    }
    expect(etcd.values.has(`${key}/until-2008-05-01T00:00:00.000Z`)).toBe(true);
  });

  test('come back from the disks into an etcd that lost them, also when it was configured otherwise meanwhile', async () => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const a = aMember('a', clock, etcd);
    etcd.configure([north]);
    await a.sees(true);
    const written = JSON.parse(etcd.values.get(key) ?? '') as unknown;
    etcd.values.clear();
    etcd.configure([{ ...north, rtoMs: 2_000 }]);
    const again = aMember('a', clock, etcd, a.disk);
    await again.sees(true);
    expect(JSON.parse(etcd.values.get(key) ?? '')).toEqual(written);
    expect(again.rtos()).toEqual([[1, 1_000]]);
  });

  test.each([
    ['no JSON', 'garbage'],
    ['no terms', JSON.stringify({ v: 1, at: '2008-04-24T12:00:00.000Z', by: 'a' })],
    ['of a form to come', JSON.stringify({ v: 2, at: '2008-04-24T12:00:00.000Z', terms: north })],
    ['of another version', JSON.stringify({ v: 1, at: '2008-04-24T12:00:00.000Z', terms: { ...north, version: 3 } })],
    [
      'in force from nonsense',
      JSON.stringify({ v: 1, at: '2008-04-24T12:00:00.000Z', terms: { ...north, validFrom: 'soon' } }),
    ],
  ])('rule as they are configured while the record is %s, which is said and not written over', async (_what, text) => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const a = aMember('a', clock, etcd);
    etcd.configure([north]);
    etcd.values.set(key, text);
    await a.sees(true);
    expect(a.rtos()).toEqual([[1, 1_000]]);
    expect(a.told).toEqual([key]);
    expect(etcd.values.get(key)).toBe(text);
    expect(a.keeper.problems()).toEqual([expect.stringContaining('delete that key')]);
  });

  test('stay as they are while the configuration cannot be read', async () => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const a = aMember('a', clock, etcd);
    etcd.configure([north]);
    await a.sees(true);
    etcd.configure('not a list');
    await a.sees(true);
    expect(a.rtos()).toEqual([[1, 1_000]]);
    expect(etcd.puts).toBe(1);
  });

  test('that are too long for a record rule as they are configured, and that is said once', async () => {
    const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
    const a = aMember('a', clock, etcd);
    const holidays = Array.from({ length: 2_000 }, () => ({ date: '2008-12-25', hours: [] }));
    etcd.configure([{ ...north, holidays }]);
    await a.sees(true);
    await a.sees(true);
    expect(a.rtos()).toEqual([[1, 1_000]]);
    expect(a.told).toEqual([key]);
    expect(a.keeper.problems()).toEqual([expect.stringContaining('64 KiB')]);
  });
});
