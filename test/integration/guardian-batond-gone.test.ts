import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import { GuardianRig, isAlive, testRules, until } from '../support/guardian-rig.ts';

const clock = createSystemClock();
const leaseOf = (call: string) => call.split(' ')[1];

test('a leader without a batond is stopped when its time is over, and then its lease is given back', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary();
  const { lease } = batond.now();
  batond.detach();
  const goneMono = clock.mono();
  await until(() => !isAlive(child.pid), 'postgres ended');
  expect(clock.mono() - goneMono).toBeGreaterThan(testRules.orphanMs - 1_000);
  await until(() => rig.etcdCalls().some((call) => call.startsWith('revoke')), 'the lease is revoked');
  expect(rig.processes()).toEqual([]);
  expect(
    rig
      .etcdCalls()
      .filter((call) => call.startsWith('revoke'))
      .map(leaseOf),
  ).toEqual([lease.kind === 'held' ? lease.leaseId : '']);
  expect(rig.guardianLog()).toContain('stop-orphaned-leader');
});

test('a standby without a batond goes on', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startStandby();
  batond.detach();
  const goneMono = clock.mono();
  await until(() => clock.mono() - goneMono > 3 * testRules.orphanMs, 'three times what a leader gets');
  expect(isAlive(child.pid)).toBe(true);
  expect(rig.etcdCalls().some((call) => call.startsWith('revoke'))).toBe(false);
});

test('a postgres that ends while batond is gone is fenced, and the lease is given back at once', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond({ rules: { orphanMs: 60_000 } });
  const child = await batond.startPrimary();
  batond.detach();
  await until(() => rig.guardianLog().includes('hold-orphan'), 'the guardian knows that batond is gone');
  process.kill(child.pid, 'SIGKILL');
  const killedMono = clock.mono();
  await until(() => rig.etcdCalls().some((call) => call.startsWith('revoke')), 'the lease is revoked');
  expect(clock.mono() - killedMono).toBeLessThan(1_000);
  expect(rig.processes()).toEqual([]);
});

test('the kernel kills the postmaster of a guardian that dies, though nobody is there to do it', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startStandby();
  batond.detach();
  process.kill(rig.guardian().pid, 'SIGKILL');
  await until(() => !isAlive(child.pid), 'the postmaster is gone', 1_000);
  const third = rig.batond();
  // Its backend was nobody's; the next guardian begins by killing it.
  await third.until((view) => view.connected && view.child.kind === 'none', 'the next guardian');
  expect(rig.processes()).toEqual([]);
});

test('the next batond adopts guardian, lease and postgres', async () => {
  await using rig = new GuardianRig();
  const first = rig.batond({ rules: { orphanMs: 5_000 } });
  const child = await first.startPrimary();
  const before = first.now().lease;
  const guardian = rig.guardian();
  first.detach();
  const second = rig.batond({ rules: { orphanMs: 5_000 } });
  await second.untilChild('running');
  expect(second.now()).toMatchObject({
    connected: true,
    child: { pid: child.pid, startedAs: 'primary' },
    lease: { kind: 'held' },
  });
  const after = second.now().lease;
  expect(after.kind === 'held' && before.kind === 'held' && after.leaseId === before.leaseId).toBe(true);
  expect(rig.guardian()).toEqual(guardian);
  expect(rig.etcdCalls().filter((call) => call.startsWith('grant'))).toHaveLength(1);
});

test('a newer batond replaces the older one', async () => {
  await using rig = new GuardianRig();
  const first = rig.batond();
  const child = await first.startPrimary();
  const second = rig.batond();
  await second.untilChild('running');
  await first.until(
    () => first.log.some((line) => line.startsWith('guardian-disconnected')),
    'the older one is cut off',
  );
  first.detach();
  await second.until((view) => view.connected, 'the newer one is served');
  expect(isAlive(child.pid)).toBe(true);
});
