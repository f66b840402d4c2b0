/** A freeze that healed in time: it is in the ledger with what was left, and the journal says what other limits would have made of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresProcesses } from '../../scripts/chaos/postgres-processes.ts';
import { signalAll } from '../../scripts/rig/processes.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton, tryBaton } from '../../scripts/rig/run-baton.ts';
import type { NearMiss } from '../../src/core/sla/near-miss/near-miss.ts';
import type { ReplayedDoubt } from '../../src/core/replay/replayed-doubt.ts';
import { aCluster } from '../support/cluster.ts';
import { redundantPair } from '../support/redundant-pair.ts';

/** Twice as long as by default: the machine of a test run may be slow, and must not be taken for a failure. */
const hangMs = 3_000;
const frozenMs = 1_900;
const limitMs = 30_000;

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster({
    shared: { failover: { cooldown: '999 in 1h', crashBudget: '999 in 10m', hang: `${hangMs}ms` } },
  });
});
afterAll(() => rig?.stopAll());

/** Sessions too: a postmaster that is frozen alone is given more time (ADR 28). */
const freezePostgres = (member: string): void => signalAll(postgresProcesses(rig.member(member)), 'SIGSTOP');

interface Replay {
  readonly needless: number;
  readonly perhapsNeedless: number;
  readonly failovers: number;
  readonly decisions: number;
  readonly unreadable: { readonly count: number };
  readonly refused: string | null;
  readonly doubts: readonly (ReplayedDoubt & { readonly needless: boolean | null })[];
}

const replay = async (member: string, ...args: readonly string[]) =>
  (await runBaton(rig, member, ['replay', ...args])) as Replay;

const missesAt = async (member: string): Promise<readonly NearMiss[]> =>
  ((await runBaton(rig, member, ['sla', 'near-misses'])) as { readonly nearMisses: readonly NearMiss[] }).nearMisses;

test('a postgres that is frozen for less than the limit is a near miss with its headroom, on every member', {
  timeout: 180_000,
}, async () => {
  const { leader, standby } = await redundantPair(rig);
  const since = new Date(Date.now() - 1_000).toISOString();
  freezePostgres(leader);
  await sleep(frozenMs);
  rig.member(leader).thaw();

  const isFreeze = ({ rule, seenBy }: NearMiss) => rule === 'fence-hung' && seenBy === leader;
  const miss = await rig.waitFor('the near miss', limitMs, async () => (await missesAt(leader)).find(isFreeze) ?? null);
  expect(miss).toMatchObject({ about: leader, as: 'leader', count: 1, limits: { hangMs } });
  expect(miss.signs).toContain('connections-fail');
  expect(miss.lastedMs).toBeGreaterThan(300);
  expect(miss.headroomMs).toBeGreaterThan(0);
  expect(miss.headroomMs).toBeLessThan(hangMs - 300);
  // What had passed and what was left is the limit, whatever this machine was busy with.
  expect((miss.closestAfterMs ?? 0) + (miss.headroomMs ?? 0)).toBeGreaterThanOrEqual(hangMs - 60);
  expect((miss.closestAfterMs ?? 0) + (miss.headroomMs ?? 0)).toBeLessThanOrEqual(hangMs + 60);

  // Nobody else saw it: it came through etcd.
  await rig.waitFor(
    'it to be on the standby too',
    limitMs,
    async () => (await missesAt(standby)).find(isFreeze) ?? null,
  );
  for (const member of [leader, standby]) {
    const ledger = readFileSync(join(rig.member(member).files.stateDir, 'ledger/ledger.ndjson'), 'utf8');
    expect(ledger).toContain('"kind":"near-miss"');
  }
  expect((await redundantPair(rig)).leader).toBe(leader);

  // With the limits that were in force nothing more would have been declared.
  const same = await replay(leader, '--since', since);
  expect(same).toMatchObject({ needless: 0, perhapsNeedless: 0, failovers: 0, unreadable: { count: 0 } });
  const found = same.doubts.find(({ would }) => would.rule === 'fence-hung');
  expect(found?.would).toMatchObject({ kind: 'not' });
  const headroom = found?.would.kind === 'not' ? found.would.headroom : null;
  expect(headroom?.fromMs).toBeLessThanOrEqual((miss.headroomMs ?? 0) + 20);
  expect(headroom?.toMs).toBeGreaterThanOrEqual((miss.headroomMs ?? 0) - 20);

  // With a tighter one there would have been a failover that nobody needed.
  const tighter = await replay(leader, '--since', since, '--set', 'failover.hang=700ms');
  expect(tighter.failovers).toBe(0);
  expect(tighter.needless).toBeGreaterThanOrEqual(1);
  const needless = tighter.doubts.find(({ at, needless: is }) => is === true && at === found?.at);
  expect(needless).toMatchObject({ about: leader, would: { kind: 'declared', rule: 'fence-hung' } });
  const after = needless?.would.kind === 'declared' ? needless.would.after : null;
  expect(after?.fromMs).toBeLessThanOrEqual(700);
  expect(after?.toMs).toBeGreaterThanOrEqual(699);

  const shorterLease = await replay(leader, '--since', since, '--set', 'lease.ttl=3s');
  expect(shorterLease).toMatchObject({
    needless: 0,
    refused: expect.stringContaining('does not outlive an etcd election'),
  });

  const wrong = await tryBaton(rig, leader, ['replay', '--set', 'lease.ttl=700ms']);
  expect([wrong.ended, JSON.parse(wrong.stdout)]).toMatchObject([
    2,
    { error: { problem: expect.stringContaining('lease.ttl') } },
  ]);
});

test('a failover that happened is compared with when it would have been declared', { timeout: 180_000 }, async () => {
  const { leader, standby } = await redundantPair(rig);
  const since = new Date(Date.now() - 500).toISOString();
  freezePostgres(leader);
  await rig.waitFor(`${standby} to lead`, limitMs, async () => {
    const status = (await rig.status(standby)) as { readonly leader: string | null } | null;
    return status?.leader === standby ? true : null;
  });
  await redundantPair(rig);
  const sooner = await replay(leader, '--since', since, '--set', 'failover.hang=1s');
  const [failover] = sooner.doubts.filter(({ really }) => really.kind === 'failed');
  expect(failover).toMatchObject({ really: { rule: 'fence-hung' }, would: { kind: 'declared', rule: 'fence-hung' } });
  const { fromMs, toMs } = (failover as unknown as { sooner: { fromMs: number; toMs: number } }).sooner;
  expect(fromMs).toBeGreaterThan(1_000);
  expect(toMs).toBeLessThan(2_500);
  const later = await replay(leader, '--since', since, '--set', 'failover.hang=10s');
  expect(later.doubts.find(({ really }) => really.kind === 'failed')?.would.kind).toBe('later');
});
