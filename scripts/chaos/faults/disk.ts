/** Disks that are full, read-only, slow, hanging or broken. batond's own state is on another disk, which is well. */
import type { ChaosCluster } from '../cluster.ts';
import type { DiskFault } from '../disk/host-faults.ts';
import { ThrottledDisk } from '../disk/throttled-disk.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChangesButOff, leaderMayChange, leaderStays } from './outcomes.ts';
import { fillWal } from '../sql.ts';

const isRiddenOut: Expectation = {
  ...leaderStays,
  outage: always({ msMax: 2_000 }),
  redundantMsMax: 10_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'hand-over-dead-postgres', 'take-over', 'promote'],
};

/**
 * In mode `strict` writes wait for the old leader, which comes back once its disk is well. In mode `off` nobody is handed
 * anything: the leader starts in place, again and again, until it can.
 */
const failsOver: Expectation = {
  ...leaderChangesButOff,
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMaxAfterHealing: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 500,
};

const postgresEnds: Expectation = { ...failsOver, rules: { off: [], or: ['hand-over-dead-postgres', 'promote'] } };
const postgresHangs: Expectation = { ...failsOver, rules: { off: [], or: ['fence-hung', 'promote'] } };

/** Clients wait until the leader has taken the standby out of `sync`; in mode `strict` until it is back. */
const losesStandby: Expectation = {
  ...isRiddenOut,
  outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 3_500 } },
  redundantMsMax: 25_000,
};

/** Nobody else has room either: the leader comes back when it has, or the other one, whoever gets room first. */
const waitsForRoom: Expectation = {
  ...leaderMayChange(1),
  outage: always({ msMaxAfterHealing: 15_000 }),
  redundantMsMax: 30_000,
  rowsLostMaxOff: 500,
};

type Who = 'leader' | 'standby';

/** A disk that does this to whatever the member's processes ask of it. */
const broken = (
  who: Who,
  name: string,
  lastsMs: Fault['lastsMs'],
  fault: DiskFault,
  expects: Expectation,
  says: string,
): Fault => ({
  ...{ name: `disk-${name}${who === 'standby' ? '-standby' : ''}`, family: 'disk', says, needs: 'compiler' },
  ...{ lastsMs, expects },
  async inject(stage) {
    const { faults } = stage.cluster.equipment(stage[who]);
    stage.undo(() => faults.disk({}));
    faults.disk(fault);
  },
});

/** Nobody who waits for it can be killed: the old leader hands over before it is fenced (ADR 9). */
const hangsInKernel: Fault = {
  name: 'disk-hangs-unkillable',
  family: 'disk',
  says: 'The disk of the primary hangs in the kernel: processes that wait for it cannot be killed',
  needs: 'throttles',
  modes: ['available', 'strict'],
  lastsMs: [10_000, 15_000],
  async inject({ cluster, leader, undo }) {
    for (const disk of throttledDisks.get(cluster)?.get(leader) ?? []) {
      undo(() => disk.throttle({}));
      disk.throttle({ writtenBytesPerSecond: 1 });
    }
  },
  prepare: throttledEverywhere,
  expects: {
    ...failsOver,
    outage: { strict: { msMaxAfterHealing: 15_000 }, or: { msMax: 6_000 } },
    rules: always(['fence-hung', 'hand-over-unfenced', 'promote']),
  },
};

const throttledDisks = new WeakMap<ChaosCluster, ReadonlyMap<string, readonly ThrottledDisk[]>>();
const throttledMiB = 900;

/** Every member's data and WAL go to disks that can be throttled, for everything that batond starts. */
async function throttledEverywhere(cluster: ChaosCluster): Promise<void> {
  if (throttledDisks.has(cluster)) return;
  for (const name of cluster.members) await cluster.killHost(name);
  const all = new Map<string, readonly ThrottledDisk[]>();
  for (const name of cluster.members) {
    const { dataDisk, walDisk } = cluster.equipment(name);
    const disks = [dataDisk, walDisk].map(({ directory }) => new ThrottledDisk(name, directory, throttledMiB));
    all.set(name, disks);
    cluster.beforeRemoval(() => disks.forEach((disk) => void disk.discard()));
    await cluster.switchOn(name);
    for (const { pid } of cluster.rig.member(name).processes('node')) disks[0]?.add(pid);
  }
  throttledDisks.set(cluster, all);
}

type DiskName = 'dataDisk' | 'walDisk';

function fill({ cluster, undo }: Stage, members: readonly string[], which: DiskName): void {
  for (const member of members) {
    const disk = cluster.equipment(member)[which];
    undo(() => disk.makeRoom());
    disk.fill(0);
  }
}

/** Every member's pg_wal goes to a disk of its own, as people do it: everything is stopped for that. */
async function separateWal(cluster: ChaosCluster): Promise<void> {
  const members = cluster.members.map((name) => cluster.rig.member(name).files);
  if (members.every(({ name, dataDir }) => cluster.equipment(name).hasOwnWal(dataDir))) return;
  for (const { name } of members) await cluster.killHost(name);
  for (const { name, dataDir } of members) cluster.equipment(name).moveWal(dataDir);
  for (const { name } of members) await cluster.switchOn(name);
}

const walFull = (
  name: string,
  says: string,
  whose: (stage: Stage) => readonly string[],
  expects: Expectation,
): Fault => ({
  ...{ name: `disk-wal-full${name}`, family: 'disk', says, lastsMs: [4_000, 8_000], expects },
  prepare: separateWal,
  async inject(stage) {
    fill(stage, whose(stage), 'walDisk');
    const { rig } = stage.cluster;
    const firstPid = rig.member(stage.leader).postmasterPid();
    await fillWal(stage, () => rig.member(stage.leader).postmasterPid() !== firstPid);
  },
});

const dataFull = (
  name: string,
  says: string,
  whose: (stage: Stage) => readonly string[],
  expects: Expectation,
): Fault => ({
  ...{ name: `disk-data-full${name}`, family: 'disk', says, lastsMs: [8_000, 12_000], expects },
  async inject(stage) {
    fill(stage, whose(stage), 'dataDisk');
  },
});

const ofLeader = ({ leader }: Stage) => [leader];
const ofStandby = ({ standby }: Stage) => [standby];
const ofAll = ({ cluster }: Stage) => cluster.members;
const readOnly: DiskFault = { writeError: 'EROFS', changeError: 'EROFS' };

const readOnlyData: Fault = {
  ...broken(
    'leader',
    'read-only-data',
    [6_000, 10_000],
    { ...readOnly, sparesWal: true },
    // Sessions that are there go on for as long as they need no file; nobody new is served.
    { ...failsOver, rules: { off: [], or: ['fence-hung', 'promote'] } },
    'The data directory of the primary becomes read-only, and pg_wal is on a disk that is well',
  ),
  prepare: separateWal,
};

const briefMs = [500, 900] as const;
const errorMs = [4_000, 8_000] as const;
const slow: DiskFault = { syncDelayMs: 200 };
const hangs: DiskFault = { syncDelayMs: 'hangs' };
const syncFails: DiskFault = { syncError: 'EIO' };
const writeFails: DiskFault = { writeError: 'EIO', changeError: 'EIO' };

export const disks: readonly Fault[] = [
  walFull('', 'pg_wal of the primary is full', ofLeader, postgresEnds),
  walFull('-everywhere', 'pg_wal of every member is full', ofAll, waitsForRoom),
  dataFull('', 'The data directory of the primary is full, with pg_wal in it', ofLeader, waitsForRoom),
  dataFull('-standby', 'The data directory of the standby is full, with pg_wal in it', ofStandby, losesStandby),
  dataFull('-everywhere', 'The data directory of every member is full', ofAll, waitsForRoom),
  broken('leader', 'read-only', [6_000, 10_000], readOnly, failsOver, 'The disk of the primary becomes read-only'),
  readOnlyData,
  broken('standby', 'read-only', [6_000, 10_000], readOnly, losesStandby, 'The disk of the standby becomes read-only'),
  broken('leader', 'slow', [8_000, 12_000], slow, isRiddenOut, 'Every sync of the primary takes 200 ms'),
  broken('standby', 'slow', [8_000, 12_000], slow, isRiddenOut, 'Every sync of the standby takes 200 ms'),
  broken(
    'leader',
    'hangs-briefly',
    briefMs,
    hangs,
    isRiddenOut,
    'The disk of the primary hangs for less than a second',
  ),
  broken('leader', 'hangs', [8_000, 15_000], hangs, postgresHangs, 'The disk of the primary hangs'),
  hangsInKernel,
  broken('standby', 'hangs', [8_000, 15_000], hangs, losesStandby, 'The disk of the standby hangs'),
  broken('leader', 'sync-error', errorMs, syncFails, postgresEnds, 'The disk of the primary fails every sync (EIO)'),
  broken('standby', 'sync-error', errorMs, syncFails, losesStandby, 'The disk of the standby fails every sync (EIO)'),
  broken('leader', 'write-error', errorMs, writeFails, postgresEnds, 'The disk of the primary fails every write (EIO)'),
];
