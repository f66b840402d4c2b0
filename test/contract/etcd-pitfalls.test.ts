/** What goes wrong with real etcd members, and what the adapter makes of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCoordinator } from '../../src/adapters/etcd/create-coordinator.ts';
import type { WatchEnd } from '../../src/adapters/etcd/endpoint.ts';
import { openEndpoint } from '../../src/adapters/etcd/grpc-endpoint.ts';
import { createLeaseStore } from '../../src/adapters/etcd/lease-store.ts';
import { elapsed, leaseId, type MonoMs, revision } from '../../src/core/units.ts';
import type { Observation, Snapshot } from '../../src/ports/coordinator.ts';
import { realClock as clock, until } from '../support/real-clock.ts';
import { type RealEtcd, startEtcd } from '../support/real-etcd.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

let etcd: RealEtcd;
let clusters = 0;
const closing: (() => void)[] = [];

beforeAll(async () => {
  etcd = await startEtcd({ members: 3 });
});
afterAll(() => etcd.stop());
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  // Every test begins with three members that serve.
  for (const member of etcd.endpoints.keys()) etcd.thaw(member);
});

const put = (key: string, value: string) => ({ compares: [], writes: [{ op: 'put' as const, key, value }] });

/** All observations, and how to stop them. `cluster` null makes a new one. */
function follow(endpoints: readonly string[], cluster = `pitfall-${++clusters}`) {
  const coordinator = createCoordinator({ endpoints, namespace: '/service', cluster, clock });
  const seen: { readonly atMono: MonoMs; readonly observation: Observation }[] = [];
  closing.push(() => coordinator.close());
  coordinator.follow((observation) => seen.push({ atMono: clock.mono(), observation }), new AbortController().signal);
  const snapshot = (): Snapshot | null => {
    const newest = seen.findLast(({ observation }) => observation.kind === 'snapshot')?.observation;
    return newest?.kind === 'snapshot' ? newest.snapshot : null;
  };
  return { coordinator, cluster, seen, snapshot, value: (key: string) => snapshot()?.entries.get(key)?.value };
}

/** The members' endpoints, a follower of etcd's leader first. */
async function followerFirst(): Promise<{ endpoints: readonly string[]; follower: number; leader: number }> {
  const leader = await etcd.leader();
  const follower = (leader + 1) % 3;
  const order = [follower, leader, (leader + 2) % 3];
  return { endpoints: order.map((member) => etcd.endpoints[member] ?? ''), follower, leader };
}

describe('a member that hangs', () => {
  test('does not delay reads, events or commits by more than the hedge once it is known, nor a read before', async () => {
    const { endpoints, follower } = await followerFirst();
    const watcher = follow(endpoints);
    const writer = follow(endpoints.slice(1), watcher.cluster);
    await until(() => watcher.snapshot() !== null && writer.snapshot() !== null, 3_000);
    etcd.freeze(follower);

    const askedMono = clock.mono();
    watcher.coordinator.refresh();
    await until(
      () => watcher.seen.some(({ observation: seen }) => seen.kind === 'snapshot' && seen.confirmedMono >= askedMono),
      1_000,
    );
    expect(elapsed(askedMono, clock.mono())).toBeLessThan(300);

    await writer.coordinator.commit(put('leader', 'b'), 1_000);
    const ackedMono = clock.mono();
    await until(() => watcher.value('leader') === 'b', 1_000);
    expect(elapsed(ackedMono, clock.mono())).toBeLessThan(200);

    const sentMono = clock.mono();
    expect((await watcher.coordinator.commit(put('sync', 'x'), 1_000)).kind).toBe('applied');
    expect(elapsed(sentMono, clock.mono())).toBeLessThan(200);
    expect(watcher.seen.some(({ observation }) => observation.kind === 'unreachable')).toBe(false);

    etcd.thaw(follower);
    await until(() => watcher.seen.length > 0 && elapsed(sentMono, clock.mono()) > 1_500, 3_000);
    const revisions = watcher.seen.map(({ observation: seen }) =>
      seen.kind === 'snapshot' ? seen.snapshot.revision : 0,
    );
    expect(revisions).toEqual(revisions.toSorted((one, two) => one - two));
  });

  test('is no obstacle to a client that starts meanwhile', async () => {
    const { endpoints, follower } = await followerFirst();
    etcd.freeze(follower);
    const startedMono = clock.mono();
    const late = follow(endpoints);
    await until(() => late.snapshot() !== null, 2_000);
    expect(elapsed(startedMono, clock.mono())).toBeLessThan(500);
    expect((await late.coordinator.commit(put('a', '1'), 1_000)).kind).toBe('applied');
  });

  test('costs no lease, also when it is etcd’s leader: an election is ridden out', async () => {
    const { leader } = await followerFirst();
    const leases = createLeaseStore({ endpoints: etcd.endpoints, clock });
    closing.push(() => leases.close());
    const lease = leaseId('41');
    expect((await leases.grant(lease, 5_000, 2_000)).ok).toBe(true);
    let newestSentMono = clock.mono();
    let longestGapMs = 0;
    let renewals = 0;
    let gone = 0;
    const renewed = (sentMono: MonoMs) => {
      longestGapMs = Math.max(longestGapMs, elapsed(newestSentMono, clock.mono()));
      if (sentMono > newestSentMono) newestSentMono = sentMono;
      renewals += 1;
    };
    const timer = setInterval(() => leases.renew(lease, 300, { renewed, gone: () => (gone += 1) }), 250);
    closing.push(() => clearInterval(timer));
    await until(() => renewals > 3, 3_000);
    etcd.freeze(leader);
    const frozenMono = clock.mono();
    await until(() => newestSentMono > frozenMono, 5_000);
    await until(() => elapsed(frozenMono, clock.mono()) > 4_000, 6_000);
    expect(gone).toBe(0);
    expect(longestGapMs).toBeLessThan(4_500);
    expect(elapsed(newestSentMono, clock.mono())).toBeLessThan(1_000);
  });

  test('makes no call last longer than its limit', async () => {
    const { endpoints, follower } = await followerFirst();
    const only = endpoints.slice(0, 1);
    const coordinator = createCoordinator({ endpoints: only, namespace: '/service', cluster: 'limits', clock });
    const leases = createLeaseStore({ endpoints: only, clock });
    closing.push(
      () => coordinator.close(),
      () => leases.close(),
    );
    await coordinator.commit(put('warm', 'up'), 1_000);
    etcd.freeze(follower);
    const lasted = async (call: Promise<unknown>) => {
      const sentMono = clock.mono();
      const answer = await call;
      return { answer, ms: elapsed(sentMono, clock.mono()) };
    };
    const all = await Promise.all([
      lasted(coordinator.commit(put('a', '1'), 300)),
      lasted(coordinator.leaseTtl(leaseId('41'), 300)),
      lasted(leases.grant(leaseId('42'), 5_000, 300)),
      lasted(leases.revoke(leaseId('42'), 300)),
    ]);
    for (const { ms } of all) expect(ms).toBeLessThan(500);
    expect(all[0]?.answer).toMatchObject({ kind: 'unknown' });
  });
});

describe('a member that is killed', () => {
  test('is passed over by a commit, which certainly was not applied there', async () => {
    const { endpoints, follower } = await followerFirst();
    const { coordinator, seen, cluster } = follow(endpoints);
    await until(() => seen.length > 0, 2_000);
    await etcd.kill(follower);
    try {
      const killedMono = clock.mono();
      // A commit that meets the breaking connection would be unknown, rightly: these come after.
      await until(
        () => seen.some(({ observation: one }) => one.kind === 'snapshot' && one.confirmedMono > killedMono),
        2_500,
      );
      expect(await coordinator.commit(put('a', '1'), 1_000)).toMatchObject({ kind: 'applied' });
      const started = createCoordinator({ endpoints, namespace: '/service', cluster, clock });
      closing.push(() => started.close());
      expect(await started.commit(put('a', '2'), 1_000)).toMatchObject({ kind: 'applied' });
      expect(seen.some(({ observation }) => observation.kind === 'unreachable')).toBe(false);
    } finally {
      await etcd.restart(follower);
    }
  });
});

describe('an answer that is lost', () => {
  test('leaves a committed transaction unknown, never repeated, and the next read shows that it was applied', async () => {
    const [endpoint = ''] = etcd.endpoints;
    await using proxy = await startTcpProxy(Number(new URL(endpoint).port));
    const witness = follow([endpoint]);
    const direct = follow([endpoint, `http://127.0.0.1:${proxy.port}`], witness.cluster);
    const mine = createCoordinator({
      endpoints: [`http://127.0.0.1:${proxy.port}`, ...etcd.endpoints.slice(1)],
      namespace: '/service',
      cluster: witness.cluster,
      clock,
    });
    closing.push(() => mine.close());
    await mine.leaseTtl(leaseId('1'), 1_000); // opens the connection
    proxy.muteAnswers();
    const campaign = { compares: [{ key: 'leader', absent: true as const }], writes: put('leader', 'mine').writes };
    const committing = mine.commit(campaign, 5_000);
    await until(() => witness.value('leader') === 'mine', 2_000);
    proxy.reset();
    expect((await committing).kind).toBe('unknown');

    let found: Snapshot | null = null;
    mine.follow((seen) => {
      if (seen.kind === 'snapshot') found = seen.snapshot;
    }, new AbortController().signal);
    await until(() => found !== null, 2_000);
    const entry = (found as Snapshot | null)?.entries.get('leader');
    expect(entry?.value).toBe('mine');
    expect(entry?.modRevision).toBe(entry?.createRevision); // put once
    expect(direct.value('leader')).toBe('mine');
  });
});

describe('history that was compacted', () => {
  test('ends a watch of it as compacted, and following begins with a read', async () => {
    const [endpoint = ''] = etcd.endpoints;
    const { coordinator, cluster } = follow([endpoint]);
    const first = await coordinator.commit(put('a', '1'), 1_000);
    const second = await coordinator.commit(put('a', '2'), 1_000);
    if (first.kind !== 'applied' || second.kind !== 'applied') throw new Error('etcd does not serve');
    const answer = await fetch(`${endpoint}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: second.revision }),
    });
    expect(answer.status).toBe(200);
    const raw = openEndpoint({ endpoints: [endpoint] }, endpoint, `/service/${cluster}/`, clock);
    closing.push(() => raw.close());
    const ends: WatchEnd[] = [];
    raw.watch(revision(first.revision), { created: () => {}, changed: () => {}, ended: (end) => ends.push(end) });
    await until(() => ends.length > 0, 2_000);
    expect(ends).toEqual([{ kind: 'compacted' }]);
    const late = follow([endpoint], cluster);
    await until(() => late.value('a') === '2', 2_000);
  });
});

describe('text that etcd holds for others', () => {
  test('of a cluster whose name only begins like ours is not seen, and bytes that are no text do no harm', async () => {
    const [endpoint = ''] = etcd.endpoints;
    const { coordinator, cluster, snapshot } = follow([endpoint]);
    const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64');
    const foreign = async (key: string, value: Buffer) =>
      fetch(`${endpoint}/v3/kv/put`, {
        method: 'POST',
        body: JSON.stringify({ key: base64(key), value: base64(value) }),
      });
    await foreign(`/service/${cluster}0/leader`, Buffer.from('other'));
    await foreign(`/service/${cluster}-b/leader`, Buffer.from('other'));
    await foreign(`/service/${cluster}/config`, Buffer.from([0xff, 0xfe, 0x7b]));
    await coordinator.commit(put('mine', 'ü'), 1_000);
    await until(() => snapshot()?.entries.has('config') === true, 2_000);
    expect([...(snapshot()?.entries ?? [])].map(([key, { value }]) => [key, value]).sort()).toEqual([
      ['config', '\ufffd\ufffd{'],
      ['mine', 'ü'],
    ]);
  });
});

describe('closing', () => {
  test('lets the process exit', async () => {
    const program = `
      import { createCoordinator } from '${import.meta.dirname}/../../src/adapters/etcd/create-coordinator.ts';
      import { createLeaseStore } from '${import.meta.dirname}/../../src/adapters/etcd/lease-store.ts';
      import { realClock as clock } from '${import.meta.dirname}/../support/real-clock.ts';
      const endpoints = ${JSON.stringify(etcd.endpoints)};
      const coordinator = createCoordinator({ endpoints, namespace: '/service', cluster: 'x', clock });
      const leases = createLeaseStore({ endpoints, clock });
      await leases.grant('43', 5000, 1000);
      leases.renew('43', 300, { renewed() {}, gone() {} });
      let reads = 0;
      coordinator.follow(() => { if (++reads === 2) { coordinator.close(); leases.close(); console.log('closed'); } }, new AbortController().signal);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    closing.push(() => child.kill('SIGKILL'));
    let closedMono: MonoMs | null = null;
    child.stdout.on('data', () => {
      closedMono = clock.mono();
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(elapsed(closedMono ?? clock.mono(), clock.mono())).toBeLessThan(1_500);
    expect(closedMono).not.toBeNull();
  });
});
