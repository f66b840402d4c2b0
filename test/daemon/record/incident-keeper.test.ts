/** What an earlier run of the daemon left open in etcd comes to an end, and nothing is in etcd that no disk has. */
import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import type { Incident } from '../../../src/core/sla/incident.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { dayMs, memberName, monoMs, revision, wallMs } from '../../../src/core/units.ts';
import { IncidentKeeper } from '../../../src/daemon/record/incident-keeper.ts';
import type { Coordinator, Snapshot } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { aContract, sites } from '../../core/sla/facts.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

/** One that a keeper recorded itself, so that it is one in every field. */
async function anIncident(clock: VirtualClock): Promise<Incident> {
  const one = aKeeper(clock);
  one.keeper.record(failed(clock));
  await clock.runFor(1);
  const [incident] = one.onDisk;
  if (incident === undefined) throw new Error('nothing was recorded');
  return incident;
}

const failed = (clock: VirtualClock) =>
  ({
    kind: 'declared',
    atMono: monoMs(clock.mono()),
    wall: wallMs(clock.wall()),
    rule: 'hand-over-dead-postgres',
    trigger: 'postmaster-exited',
    because: 'postgres ended',
    incident: 'failover',
    evidence: [],
  }) as const;

function aKeeper(clock: VirtualClock, before: readonly Incident[] = [], diskHangs = false) {
  const onDisk = [...before];
  const inEtcd = new Map<string, Incident>();
  const ledger = {
    append: async (_kind: string, body: unknown) => {
      if (diskHangs) return new Promise<never>(() => undefined);
      onDisk.push(body as Incident);
      return ok({});
    },
    incidents: () => [...new Map(onDisk.map((each) => [each.id, each])).values()],
  } as unknown as Ledger;
  const commits: Txn[] = [];
  const rto = { ms: 1_000 };
  const coordinator = {
    commit: async (txn: Txn) => {
      commits.push(txn);
      const [write] = txn.writes;
      if (write?.op === 'put') inEtcd.set(write.key, JSON.parse(write.value) as Incident);
      return { kind: 'applied', revision: revision(1) } as const;
    },
  } as unknown as Coordinator;
  const keeper = new IncidentKeeper({
    cluster: 'domain-1',
    member: memberName('a'),
    clock,
    coordinator,
    journal: { decided: () => undefined, happened: () => undefined },
    ledger,
    changed: () => undefined,
    promises: () => ({ sites, contracts: [aContract({ rtoMs: rto.ms })] }),
    announcements: () => [],
    wroteAgain: () => undefined,
  });
  const sees = async (incident: Incident) => {
    const entry = { value: JSON.stringify(incident), modRevision: revision(5), leaseId: '0' };
    keeper.sawSnapshot({ entries: new Map([[`incidents/${incident.id}`, entry]]) } as unknown as Snapshot);
    await clock.runFor(5);
  };
  /** Etcd has nothing. */
  const seesNothing = async () => {
    keeper.sawSnapshot({ entries: new Map() } as unknown as Snapshot);
    await clock.runFor(5);
  };
  return { keeper, onDisk, inEtcd, commits, rto, sees, seesNothing };
}

/** As another member recorded it. */
const ofB = (incident: Incident, edition: number, more: Partial<Incident> = {}): Incident => ({
  ...{ ...incident, id: 'domain-1-20080424-075900000-b', recordedBy: 'b', edition, ...more },
});

test('an incident keeps what the contract of its time said of it', () => {
  const clock = new VirtualClock();
  const { keeper, rto } = aKeeper(clock);
  keeper.record(failed(clock));
  const judgedBy = () => keeper.incidents().map(({ verdicts }) => verdicts[0]?.measures[0]);
  const before = judgedBy();
  rto.ms = 2_000;
  expect(before).toMatchObject([{ of: 'rto', limitMs: 1_000 }]);
  expect(judgedBy()).toEqual(before);
});

test("another member's is copied to this disk, version by version and none twice", async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const { keeper, onDisk, sees, seesNothing } = aKeeper(clock);
  const [first, second] = [ofB(left, 1), ofB(left, 2, { state: 'closed', closedBecause: 'redundant' })];
  await sees(first);
  await sees(first);
  await sees(second);
  await seesNothing();
  await sees(second);
  expect(onDisk).toEqual([first, second]);
  expect(keeper.incidents()).toEqual([second]);
});

test('an older version than the one that is known changes nothing, and the newer is put in its place', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const newer = ofB(left, 2, { because: 'newer' });
  const { keeper, onDisk, inEtcd, commits, sees } = aKeeper(clock, [newer]);
  await sees(ofB(left, 1));
  expect(onDisk).toEqual([newer]);
  expect(keeper.incidents()).toEqual([newer]);
  expect(inEtcd.get(`incidents/${newer.id}`)).toEqual(newer);
  expect(commits.map(({ compares }) => compares)).toEqual([[{ key: `incidents/${newer.id}`, modRevision: 5 }]]);
});

test('an etcd that lost everything gets back what this disk has, whoever recorded it, and only where it is missing', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const own: Incident = { ...left, state: 'closed', closedBecause: 'redundant' };
  const { inEtcd, commits, sees, seesNothing } = aKeeper(clock, [own, ofB(left, 3)]);
  await seesNothing();
  expect([...inEtcd.values()]).toEqual([own, ofB(left, 3)]);
  for (const { compares, writes } of commits) expect(compares).toEqual([{ key: writes[0]?.key, absent: true }]);
  const before = commits.length;
  await sees(own);
  await sees(ofB(left, 3));
  expect(commits.slice(before).every(({ compares }) => compares.length === 1)).toBe(true);
});

test("what etcd says of an own one otherwise is not believed: the recorder's word becomes the newest", async () => {
  const clock = new VirtualClock();
  const { keeper, inEtcd, sees } = aKeeper(clock);
  keeper.record(failed(clock));
  await clock.runFor(5);
  const [own] = keeper.incidents();
  if (own === undefined) throw new Error('nothing was recorded');
  await sees({ ...own, edition: 7, because: 'somebody else wrote this' });
  expect(inEtcd.get(`incidents/${own.id}`)).toEqual({ ...own, edition: 8 });
});

test('two daemons of one name do not correct each other as fast as etcd answers', async () => {
  const clock = new VirtualClock();
  const { keeper, inEtcd, commits, sees } = aKeeper(clock);
  keeper.record(failed(clock));
  await clock.runFor(5);
  const [own] = keeper.incidents();
  if (own === undefined) throw new Error('nothing was recorded');
  const before = commits.length;
  for (let turn = 0; turn < 50; turn += 1) {
    const edition = (inEtcd.get(`incidents/${own.id}`)?.edition ?? 0) + 1;
    await sees({ ...own, edition, because: 'the other daemon wrote this' });
    await clock.runFor(100);
  }
  expect(commits.length - before).toBe(1);
  await clock.runFor(10_000);
  expect(commits.length - before).toBe(2);
  expect(inEtcd.get(`incidents/${own.id}`)?.because).toBe(own.because);
});

test('what is older than a year and a month stays on the disks alone', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const { inEtcd, seesNothing } = aKeeper(clock, [left]);
  clock.wallStart = wallMs(clock.wallStart + 401 * dayMs);
  await seesNothing();
  expect(inEtcd.size).toBe(0);
});

test('one that only etcd has goes on, and is written down', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const { keeper, onDisk, sees } = aKeeper(clock);
  await sees(left);
  expect(keeper.open).toBe(true);
  expect(onDisk).toEqual([{ ...left, edition: 2 }]);
});

test('one that ended on disk ends in etcd', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const closed: Incident = { ...left, edition: 2, state: 'closed', closedBecause: 'redundant' };
  const { keeper, inEtcd, sees } = aKeeper(clock, [left, closed]);
  await sees(left);
  expect(keeper.open).toBe(false);
  expect([...inEtcd.values()]).toEqual([closed]);
});

test('one that ended in etcd while the disk refused it does not go on after a restart: closing is final', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const closed: Incident = { ...left, edition: 3, state: 'closed', closedBecause: 'redundant' };
  const { keeper, onDisk, commits, sees } = aKeeper(clock, [left]);
  expect(keeper.open).toBe(true);
  await sees(closed);
  expect(keeper.open).toBe(false);
  keeper.record({ kind: 'redundant', atMono: monoMs(clock.mono()), wall: wallMs(clock.wall()) });
  await clock.runFor(5);
  expect(keeper.incidents()).toEqual([closed]);
  expect(onDisk).toEqual([left, closed]);
  expect(commits).toEqual([]);
});

test('one that etcd has in a newer version than the disk goes on from that', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  const served = {
    wall: new Date(clock.wall()).toISOString(),
    monoMs: null,
    measured: true,
    uncertaintyMs: 0,
    by: 'b',
  };
  const further: Incident = { ...left, edition: 3, instants: { ...left.instants, t7: served } };
  const { keeper, inEtcd, sees } = aKeeper(clock, [left]);
  await sees(further);
  keeper.record({ kind: 'noted', atMono: monoMs(clock.mono()), wall: wallMs(clock.wall()), says: 'a note' });
  await clock.runFor(5);
  expect(inEtcd.get(`incidents/${left.id}`)).toMatchObject({ edition: 4, instants: { t7: { wall: served.wall } } });
});

test('one that only etcd has ends when another goes on', async () => {
  const clock = new VirtualClock();
  const left = await anIncident(clock);
  await clock.runFor(1_000);
  const { keeper, inEtcd, sees } = aKeeper(clock);
  keeper.record(failed(clock));
  await sees(left);
  expect(keeper.open).toBe(true);
  expect(inEtcd.get(`incidents/${left.id}`)).toEqual({
    ...{ ...left, edition: 2, state: 'closed', closedBecause: 'superseded' },
  });
});

test.each([
  [false, 5, 1],
  [true, 900, 0],
  [true, 1_100, 1],
])(
  'etcd has a record once the disk has it, or after a second (disk hangs: %s, %i ms: %i)',
  async (hangs, ms, count) => {
    const clock = new VirtualClock();
    const { keeper, inEtcd } = aKeeper(clock, [], hangs);
    keeper.record(failed(clock));
    await clock.runFor(ms);
    expect(inEtcd.size).toBe(count);
  },
);
