/** The outage ledger: on this disk first, in etcd then, on the other disks after that, and back again. */
import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import type { OutageRow } from '../../../src/core/sla/accounting/outage-row.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { memberName, revision } from '../../../src/core/units.ts';
import { ServiceKeeper } from '../../../src/daemon/record/service-keeper.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { formatServiceSheet, parseServiceEntry, parseServiceSheet } from '../../../src/wire/service-sheet.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const epoch = Date.parse('2008-04-24T08:15:00.000Z');
const day = 24 * 60 * 60 * 1000;

interface Host {
  readonly disk: unknown[];
  bookmark: OutageRow | null;
}

/** etcd as far as this needs it, shared by the members of a test. */
class Etcd {
  readonly values = new Map<string, string>();
  answers = true;
  commits = 0;

  readonly coordinator = {
    commit: async ({ compares, writes: [write] }: Txn): Promise<TxnOutcome> => {
      if (!this.answers) return { kind: 'failed', problem: 'no etcd' };
      this.commits += 1;
      if (compares.some((compare) => 'absent' in compare && this.values.has(compare.key)))
        return { kind: 'refused', revision: revision(1) };
      if (write?.op === 'put') this.values.set(write.key, write.value);
      if (write?.op === 'delete') this.values.delete(write.key);
      return { kind: 'applied', revision: revision(1) };
    },
  } as unknown as Coordinator;

  get snapshot(): Snapshot {
    const entries = new Map([...this.values].map(([key, value]) => [key, { value }]));
    return { entries } as unknown as Snapshot;
  }
}

function aMember(name: string, clock: VirtualClock, etcd: Etcd, host: Host = { disk: [], bookmark: null }) {
  const trouble = { disk: false, hangs: false };
  const happened: string[] = [];
  const found = [...host.disk];
  const keeper = new ServiceKeeper({
    corrections: () => [],
    cluster: 'domain-1',
    member: memberName(name),
    clock,
    coordinator: etcd.coordinator,
    journal: { decided: () => undefined, happened: (event) => void happened.push(event) },
    ledger: {
      append: async (_kind: string, body: unknown) => {
        if (trouble.hangs) return new Promise<never>(() => undefined);
        if (trouble.disk) return err('no space left on device');
        host.disk.push(body);
        return ok({});
      },
      bodies: () => found,
    } as unknown as Ledger,
    bookmark: {
      read: () => host.bookmark,
      keep: async (row) => {
        host.bookmark = row;
      },
    },
  });
  /** Probes every 300 ms until so many ms after the epoch. */
  const probes = async (state: OutageRow['state'], untilMs: number) => {
    while (clock.wall() - epoch < untilMs) {
      keeper.saw({ atMono: clock.mono(), wall: clock.wall(), state, by: 'standby' });
      await clock.runFor(300);
    }
  };
  const sees = async () => {
    keeper.sawSnapshot(etcd.snapshot);
    await clock.runFor(10);
  };
  return { keeper, host, trouble, happened, probes, sees };
}

const aClock = () => {
  const clock = new VirtualClock();
  return Object.assign(clock, { wall: () => epoch + clock.mono() });
};
const shown = ({ disk }: Host) =>
  disk.flatMap((body) => {
    const entry = parseServiceEntry(body);
    return (entry?.rows ?? []).map((row) => [entry?.member, row.state, row.from - epoch, row.to - epoch]);
  });
const inEtcd = ({ values }: Etcd) =>
  [...values].map(([key, value]) => [key, parseServiceSheet(value)?.rows.map(({ state }) => state)]);

describe('the outage ledger', () => {
  test('is on the own disk first, then in etcd, then on the disks of the others, each row once', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const [a, b] = [aMember('a', clock, etcd), aMember('b', clock, etcd)];
    await a.probes('up', 900);
    await a.probes('down', 1_800);
    await a.probes('up', 2_100);
    const rows = [
      ['a', 'up', 0, 600],
      ['a', 'down', 600, 1_800],
    ];
    expect(shown(a.host)).toEqual(rows);
    expect(inEtcd(etcd)).toEqual([['service/2008-04-24/a', ['up', 'down']]]);
    await b.sees();
    await b.sees();
    expect(shown(b.host)).toEqual(rows);
  });

  test('costs etcd nothing while nothing changes', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 120_000);
    await a.sees();
    expect(etcd.commits).toBe(0);
    expect(a.host.disk).toEqual([]);
  });

  test('comes to etcd after an hour without it, and to a disk that was full once it has room', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    etcd.answers = false;
    a.trouble.disk = true;
    await a.probes('up', 600);
    await a.probes('down', 1_200);
    await a.probes('up', 3_600);
    expect(shown(a.host)).toEqual([]);
    expect(a.happened).toContain('ledger-not-written');
    a.trouble.disk = false;
    await clock.runFor(60 * 60 * 1000);
    expect(shown(a.host)).toHaveLength(2);
    etcd.answers = true;
    await clock.runFor(1_100);
    expect(inEtcd(etcd)).toEqual([['service/2008-04-24/a', ['up', 'down']]]);
  });

  test('is given back to an etcd that was wiped, also what a member wrote that is gone', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const [a, b] = [aMember('a', clock, etcd), aMember('b', clock, etcd)];
    await a.probes('up', 600);
    await a.probes('down', 1_200);
    await b.sees();
    const before = inEtcd(etcd);
    etcd.values.clear();
    await b.sees();
    expect(inEtcd(etcd)).toEqual(before);
  });

  test('of a member that lost its disk comes back from etcd', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 600);
    await a.probes('down', 1_200);
    const anew = aMember('a', clock, etcd);
    await anew.sees();
    expect(shown(anew.host)).toEqual(shown(a.host));
  });

  test('loses a minute at most when the daemon is killed, and nothing when it ends in good order', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 90_000);
    aMember('a', clock, etcd, a.host);
    await clock.runFor(10);
    expect(shown(a.host)).toEqual([['a', 'up', 0, 60_000]]);

    const c = aMember('c', clock, etcd);
    await c.probes('up', 95_000);
    const ended = c.keeper.close();
    await clock.runFor(10);
    await ended;
    expect(shown(c.host)).toEqual([['c', 'up', expect.any(Number), expect.any(Number)]]);
    expect(c.host.disk).toHaveLength(1);
  });

  test('does not keep a daemon from ending whose disk hangs', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 900);
    a.trouble.hangs = true;
    const ended = a.keeper.close();
    await clock.runFor(600);
    await expect(ended).resolves.toBeUndefined();
  });

  test('puts right what somebody else wrote over it, and takes out what is old', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 600);
    await a.probes('down', 1_200);
    const good = inEtcd(etcd);
    etcd.values.set('service/2008-04-24/a', '{"v":1');
    const old = { day: '2008-03-01', member: 'b', rows: [], cutOff: false };
    etcd.values.set('service/2008-03-01/b', formatServiceSheet(old));
    await a.sees();
    expect(a.happened).toContain('service-unreadable');
    expect(inEtcd(etcd)).toEqual(good);
  });

  test('is what a report is made of, with what goes on at this moment', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', 600);
    await a.probes('down', 1_200);
    await a.probes('up', 1_800);
    const { sites } = a.keeper.report({ sites: [{ id: 'x', name: 'X' }], contracts: [] }, { kind: 'this-month' }, []);
    const sinceTheFirst = epoch - Date.parse('2008-04-01T00:00:00Z');
    expect(sites[0]).toMatchObject({ downMs: 900, upMs: 600, outages: 1, unmeasuredMs: sinceTheFirst + 300 });
    expect(a.keeper.report({ sites: [], contracts: [] }, { kind: 'month', month: '2008-03' }, []).month).toBe(
      '2008-03',
    );
  });

  test('has a sheet for each day', async () => {
    const [clock, etcd] = [aClock() as unknown as VirtualClock, new Etcd()];
    const a = aMember('a', clock, etcd);
    await a.probes('up', day);
    expect([...etcd.values.keys()]).toEqual(['service/2008-04-24/a']);
    expect(shown(a.host)).toEqual([['a', 'up', 0, Date.parse('2008-04-25T00:00:00Z') - epoch]]);
  });
});
