import { describe, expect, test } from 'vitest';
import { elapsed, leaseId, revision } from '../../../src/core/units.ts';
import type { Coordinator, Observation, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import { FakeEtcd } from './fake-etcd.ts';
import { Random } from '../clock/random.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';

function aWorld(seed = 1, members: 1 | 3 = 1) {
  const clock = new VirtualClock();
  const etcd = new FakeEtcd({ clock, random: new Random(seed), members });
  return { clock, etcd, follow: (coordinator: Coordinator) => follow(clock, coordinator) };
}

function follow(clock: VirtualClock, coordinator: Coordinator) {
  const log: string[] = [];
  const seen: Observation[] = [];
  coordinator.follow((observation) => {
    seen.push(observation);
    log.push(`${clock.mono()} ${observation.kind === 'snapshot' ? text(observation.snapshot) : observation.kind}`);
  }, new AbortController().signal);
  const snapshot = (): Snapshot | null => {
    const newest = seen.findLast((observation) => observation.kind === 'snapshot');
    return newest?.kind === 'snapshot' ? newest.snapshot : null;
  };
  return { log, seen, snapshot };
}

const text = (snapshot: Snapshot): string =>
  `${snapshot.revision} ${[...snapshot.entries].map(([key, entry]) => `${key}=${entry.value}@${entry.modRevision}`).sort()}`;
const put = (key: string, value: string) => ({ compares: [], writes: [{ op: 'put' as const, key, value }] });
const settledAfter = async <T>(clock: VirtualClock, promise: Promise<T>, ms: number): Promise<T> => {
  await clock.runFor(ms);
  return promise;
};

describe('a member that is cut off from etcd', () => {
  test('learns after its limit that the outcome is unknown, and sees nothing until it is healed', async () => {
    const { clock, etcd, follow } = aWorld();
    const coordinator = etcd.coordinatorFor('a');
    const follower = follow(coordinator);
    await clock.runFor(2_000);
    etcd.cut('a');
    const committing = coordinator.commit(put('leader', 'a'), 500);
    await clock.runFor(499);
    etcd.put('sync', 'while away');
    expect((await settledAfter(clock, committing, 2)).kind).toBe('unknown');
    await clock.runFor(3_000);
    expect(follower.seen.at(-1)?.kind).toBe('unreachable');
    expect(follower.snapshot()?.entries.has('sync')).toBe(false);
    etcd.heal('a');
    await clock.runFor(3_000);
    expect(follower.snapshot()?.entries.get('sync')?.value).toBe('while away');
  });

  test('may have its transaction carried out all the same, or not, and later than it waited: as the seed says', async () => {
    const fates = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const { clock, etcd } = aWorld(seed);
      const legs = (['requests', 'answers', 'both'] as const)[seed % 3];
      etcd.cut('a', legs);
      const committing = etcd.coordinatorFor('a').commit(put('leader', 'a'), 500);
      expect((await settledAfter(clock, committing, 600)).kind).toBe('unknown');
      const inTime = etcd.get('leader') !== null;
      etcd.heal('a');
      await clock.runFor(100);
      fates.add(inTime ? 'in time' : etcd.get('leader') === null ? 'never' : 'later');
    }
    expect([...fates].sort()).toEqual(['in time', 'later', 'never']);
  });

  test('finds out what was compacted while it was away', async () => {
    const { clock, etcd, follow } = aWorld();
    const follower = follow(etcd.coordinatorFor('a'));
    await clock.runFor(2_000);
    etcd.cut('a');
    await clock.runFor(5_000);
    for (let index = 0; index < 9; index += 1) etcd.put('config', `${index}`);
    etcd.put('gone', 'soon');
    etcd.delete('gone');
    etcd.store.compact(etcd.store.revision);
    etcd.heal('a');
    await clock.runFor(4_000);
    etcd.put('after', 'it');
    await clock.runFor(100);
    expect(follower.snapshot()?.entries.get('config')?.value).toBe('8');
    expect([...(follower.snapshot()?.entries.keys() ?? [])].sort()).toEqual(['after', 'config']);
  });
});

describe('etcd’s own faults', () => {
  test('without a quorum nothing is decided and no lease expires; a new leader restarts every lease', async () => {
    const { clock, etcd } = aWorld();
    const leases = etcd.leaseStoreFor('a');
    const coordinator = etcd.coordinatorFor('b');
    await settledAfter(clock, leases.grant(leaseId('1'), 2_000, 500), 600);
    etcd.put('leader', 'a', leaseId('1'));
    await clock.runFor(1_000);
    etcd.loseQuorum();
    const committing = coordinator.commit(put('x', 'y'), 500);
    expect((await settledAfter(clock, committing, 600)).kind).toBe('unknown');
    await clock.runFor(20_000);
    expect(etcd.get('leader')).not.toBeNull();
    etcd.regainQuorum();
    const regained = clock.mono();
    await clock.runFor(2_900);
    expect(etcd.get('leader')).not.toBeNull();
    await clock.runUntilFact(() => etcd.get('leader') === null, 2_000);
    expect(elapsed(regained, clock.mono())).toBeGreaterThanOrEqual(3_000);
  });

  test('a leader change ends by itself', async () => {
    const { clock, etcd } = aWorld();
    etcd.changeLeader();
    expect(etcd.state).toBe('leaderless');
    await clock.runUntilFact(() => etcd.state === 'serving', 2_600);
  });

  test('refused connections are certain not to have carried out anything', async () => {
    const { clock, etcd } = aWorld();
    etcd.stop();
    const outcome = await settledAfter(clock, etcd.coordinatorFor('a').commit(put('x', 'y'), 500), 600);
    expect(outcome.kind).toBe('failed');
  });

  test('a restored etcd shows itself by its lower revision or by its other cluster id', async () => {
    for (const clusterId of [undefined, 'another']) {
      const { clock, etcd, follow } = aWorld();
      const follower = follow(etcd.coordinatorFor('a'));
      etcd.put('leader', 'a');
      await clock.runFor(2_300); // the watch is opened again before the next read can show what happened
      const saved = etcd.store.save();
      const savedId = etcd.store.clusterId;
      for (let index = 0; index < 5; index += 1) etcd.put('leader', `${index}`);
      await clock.runFor(2_000);
      expect(follower.snapshot()?.revision).toBe(saved.revision + 5);
      etcd.restore(saved, clusterId);
      await clock.runFor(3_500); // between two reads: what follows can only come by the watch
      expect(follower.snapshot()?.revision).toBe(saved.revision);
      expect(follower.snapshot()?.etcdClusterId).toBe(clusterId ?? savedId);
      etcd.put('after', 'the restore');
      await clock.runFor(100);
      expect(follower.snapshot()?.entries.get('after')?.modRevision).toBe(saved.revision + 1);
    }
  });
});

/** Members write, compare and delete while links and etcd fail; every outcome is remembered. */
async function aStormyRun(seed: number) {
  const { clock, etcd, follow } = aWorld(seed, seed % 2 === 0 ? 3 : 1);
  const random = new Random(seed + 1_000);
  const members = ['a', 'b', 'c'].map((name) => {
    const coordinator = etcd.coordinatorFor(name);
    return { name, coordinator, follower: follow(coordinator) };
  });
  const outcomes: { readonly key: string; readonly outcome: TxnOutcome }[] = [];
  let writes = 0;
  for (let turn = 0; turn < 150; turn += 1) {
    const { name, coordinator, follower } = random.pick(members);
    const fault = random.int(0, 36);
    const one = random.int(0, etcd.members.length - 1);
    if (fault === 0) etcd.cut(name, random.pick(['both', 'requests', 'answers'] as const));
    else if (fault <= 2) etcd.heal(name);
    else if (fault === 3) etcd.changeLeader();
    else if (fault === 4) etcd.stop();
    else if (fault <= 6 && etcd.state === 'down') etcd.start();
    else if (fault === 7) etcd.store.compact(revision(Math.max(0, etcd.store.revision - 3)));
    else if (fault === 8) etcd.compact();
    else if (fault === 9) etcd.breakWatches();
    else if (fault === 10) etcd.troubledShare = random.pick([0, 0.5]);
    else if (fault === 11) etcd.lagWatches(random.pick([0, 700]));
    else if (fault === 12 && etcd.members.length > 1) etcd.isolateMember(one);
    else if (fault === 13 && etcd.members.length > 1) etcd.stopMember(one);
    else if (fault === 14) etcd.slowMember(one, random.pick([0, 300]));
    else if (fault === 15) etcd.heals();
    else {
      writes += 1;
      const key = `once-${writes}`;
      const shared = follower.snapshot()?.entries.get('shared');
      const compare = shared
        ? { key: 'shared', modRevision: shared.modRevision }
        : { key: 'shared', absent: true as const };
      const txn = {
        compares: random.chance(0.5) ? [compare] : [],
        writes: [
          { op: 'put' as const, key, value: name },
          random.chance(0.2)
            ? { op: 'delete' as const, key: 'shared' }
            : { op: 'put' as const, key: 'shared', value: key },
        ],
      };
      void coordinator.commit(txn, 500).then((outcome) => outcomes.push({ key, outcome }));
    }
    await clock.runFor(random.between(1, 200));
  }
  etcd.heals();
  await clock.runFor(6_000);
  // Whatever became of the streams, a watch works again: no read is so frequent.
  const lagsMs: number[] = [];
  for (let index = 0; index < 3; index += 1) {
    const putMono = clock.mono();
    etcd.put('last', `${index}`);
    const seen = () => members.every(({ follower }) => follower.snapshot()?.entries.get('last')?.value === `${index}`);
    await clock.runUntilFact(seen, 2_000);
    lagsMs.push(elapsed(putMono, clock.mono()));
    await clock.runFor(333);
  }
  return { lagsMs, etcd, members, outcomes, writes, log: members.map(({ follower }) => follower.log) };
}

describe('through any storm', () => {
  const seeds = Array.from({ length: 25 }, (_, index) => index + 1);

  test.each(seeds)('seed %i: every mirror ends as etcd is, and no outcome was a lie', async (seed) => {
    const { etcd, members, outcomes, writes, lagsMs } = await aStormyRun(seed);
    expect(Math.max(...lagsMs)).toBeLessThan(50);
    const truth = text({ revision: etcd.store.revision, etcdClusterId: '', entries: etcd.store.entries });
    for (const { follower } of members) expect(text(follower.snapshot() as Snapshot)).toBe(truth);
    expect(outcomes).toHaveLength(writes);
    for (const { key, outcome } of outcomes) {
      const entry = etcd.get(key);
      if (outcome.kind === 'applied') expect(entry?.modRevision, key).toBe(outcome.revision);
      if (outcome.kind === 'refused' || outcome.kind === 'failed') expect(entry, key).toBeNull();
      if (entry) expect(entry.createRevision, `${key} was put once`).toBe(entry.modRevision);
    }
    for (const { follower } of members) {
      const revisions = follower.seen.flatMap((seen) => (seen.kind === 'snapshot' ? [seen.snapshot.revision] : []));
      expect(revisions).toEqual(revisions.toSorted((one, two) => one - two));
    }
  });

  test('the storms meet every kind of outcome', async () => {
    const kinds = new Set<string>();
    for (const seed of seeds.slice(0, 10))
      for (const { outcome } of (await aStormyRun(seed)).outcomes) kinds.add(outcome.kind);
    expect([...kinds].sort()).toEqual(['applied', 'failed', 'refused', 'unknown']);
  });

  test('one seed is one run, to the millisecond', async () => {
    const [first, second, other] = [await aStormyRun(7), await aStormyRun(7), await aStormyRun(8)];
    expect(second.log).toEqual(first.log);
    expect(other.log).not.toEqual(first.log);
  });
});
