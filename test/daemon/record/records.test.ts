/** Records of people and schedules: on this disk first, in etcd then, on the other disks after that, and back again. */
import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { minute, revision, wallMs } from '../../../src/core/units.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const epoch = Date.parse('2008-04-24T08:15:00.000Z');
const dayMs = 24 * 60 * minute;

class Etcd {
  readonly values = new Map<string, string>();
  answers = true;
  puts = 0;

  readonly coordinator = {
    commit: async ({ compares, writes: [write] }: Txn): Promise<TxnOutcome> => {
      if (!this.answers) return { kind: 'failed', problem: 'no etcd' };
      if (compares.some((compare) => 'absent' in compare && this.values.has(compare.key)))
        return { kind: 'refused', revision: revision(1) };
      if (write?.op === 'put') {
        this.puts += 1;
        this.values.set(write.key, write.value);
      }
      if (write?.op === 'delete') this.values.delete(write.key);
      return { kind: 'applied', revision: revision(1) };
    },
  } as unknown as Coordinator;

  get snapshot(): Snapshot {
    return { entries: new Map([...this.values].map(([key, value]) => [key, { value }])) } as unknown as Snapshot;
  }
}

function aMember(clock: VirtualClock, etcd: Etcd, disk: unknown[] = []) {
  const trouble = { full: false };
  const happened: string[] = [];
  const found = [...disk];
  const records = new Records(
    {
      clock,
      coordinator: etcd.coordinator,
      journal: { decided: () => undefined, happened: (event) => void happened.push(event) },
      ledger: {
        append: async (_kind: string, body: unknown) => {
          if (trouble.full) return err('no space left on device');
          disk.push(body);
          return ok({});
        },
        bodies: () => found,
      } as unknown as Ledger,
    },
    { kind: 'record', prefixes: ['cases/', 'reports/'], daysInEtcd: 400, recordsMax: 100 },
  );
  const sees = async () => {
    records.sawSnapshot(etcd.snapshot);
    await clock.runFor(10);
  };
  return { records, disk, trouble, happened, sees };
}

const note = (key: string, text: string, at = new Date(epoch).toISOString()) => ({
  key: `cases/${key}`,
  value: { at, text },
});

async function settled<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  await clock.runFor(5_000);
  return work;
}

describe('a record', () => {
  test('is on the disk of its member, in etcd, and then on every other disk, once each', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const [a, b] = [aMember(clock, etcd), aMember(clock, etcd)];
    expect(await settled(clock, a.records.add(note('i/1', 'seen')))).toEqual(ok(undefined));
    for (let round = 0; round < 3; round += 1) {
      await a.sees();
      await b.sees();
    }
    expect(a.disk).toEqual([{ v: 1, ...note('i/1', 'seen') }]);
    expect(b.disk).toEqual(a.disk);
    expect(etcd.puts).toBe(1);
    expect(b.records.under('cases/i/')).toEqual([note('i/1', 'seen')]);
    expect(b.records.under('cases/other/')).toEqual([]);
  });

  test('survives this daemon, and goes back into an etcd that lost it', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const before = aMember(clock, etcd);
    await settled(clock, before.records.add(note('i/1', 'seen')));
    etcd.values.clear();
    const after = aMember(clock, etcd, before.disk);
    expect(after.records.under('cases/')).toEqual([note('i/1', 'seen')]);
    await after.sees();
    expect([...etcd.values.keys()]).toEqual(['cases/i/1']);
    expect(after.disk).toHaveLength(1);
  });

  test('made while etcd is away is there, and arrives when it answers', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const a = aMember(clock, etcd);
    etcd.answers = false;
    expect(await settled(clock, a.records.add(note('i/1', 'seen')))).toEqual(ok(undefined));
    expect(etcd.values.size).toBe(0);
    etcd.answers = true;
    await clock.runFor(2_000);
    expect(etcd.values.size).toBe(1);
  });

  test('that the disk refuses goes to etcd alone, and to the disk when that has room', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const a = aMember(clock, etcd);
    a.trouble.full = true;
    expect(await settled(clock, a.records.add(note('i/1', 'seen')))).toEqual(ok(undefined));
    expect(etcd.values.size).toBe(1);
    a.trouble.full = false;
    await clock.runFor(2_000);
    expect(a.disk).toHaveLength(1);
  });

  test('that neither takes is refused with what to look at', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const a = aMember(clock, etcd);
    a.trouble.full = true;
    etcd.answers = false;
    expect(await settled(clock, a.records.add(note('i/1', 'seen')))).toMatchObject({
      ok: false,
      error: expect.stringContaining('df on the state directory'),
    });
  });

  test('is never replaced: another one under its key is refused, and one in etcd is told of once', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const a = aMember(clock, etcd);
    await settled(clock, a.records.add(note('i/1', 'seen')));
    expect(await settled(clock, a.records.add(note('i/1', 'seen')))).toEqual(ok(undefined));
    expect(await settled(clock, a.records.add(note('i/1', 'other')))).toMatchObject({ ok: false });
    etcd.values.set('cases/i/1', JSON.stringify(note('i/1', 'forged').value));
    await a.sees();
    await a.sees();
    expect(a.happened).toEqual(['record-differs']);
    expect(a.records.under('cases/')).toEqual([note('i/1', 'seen')]);
  });

  test('is the same in whatever order its fields are written', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const { key, value } = note('i/1', 'seen');
    const a = aMember(clock, etcd, [{ v: 1, key, value: { text: value.text, at: value.at } }]);
    etcd.values.set(key, JSON.stringify(value));
    await a.sees();
    expect(a.happened).toEqual([]);
  });

  test('of more than a year ago leaves etcd and stays on the disks', async () => {
    const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
    const a = aMember(clock, etcd);
    await settled(clock, a.records.add(note('i/1', 'old', new Date(epoch - 398 * dayMs).toISOString())));
    expect(etcd.values.size).toBe(1);
    await a.sees();
    await clock.runFor(3 * dayMs);
    const later = aMember(clock, etcd, a.disk);
    await later.sees();
    expect(etcd.values.size).toBe(0);
    await later.sees();
    expect(etcd.values.size).toBe(0);
    expect(later.records.under('cases/')).toHaveLength(1);
  });
});

test('a key that is no record is told of once and left alone', async () => {
  const [clock, etcd] = [new VirtualClock(wallMs(epoch)), new Etcd()];
  const a = aMember(clock, etcd);
  etcd.values.set('cases/i/1', 'garbage');
  etcd.values.set('cases/i/2', JSON.stringify({ at: 'yesterday' }));
  etcd.values.set('leader', 'garbage');
  await a.sees();
  await a.sees();
  expect(a.happened).toEqual(['record-unreadable', 'record-unreadable']);
  expect(a.records.under('cases/')).toEqual([]);
});
