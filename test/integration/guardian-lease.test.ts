import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import { revision } from '../../src/core/units.ts';
import { GuardianRig, isAlive, testRules, until } from '../support/guardian-rig.ts';

const clock = createSystemClock();

test('a leader whose renewals are not confirmed is fenced at the deadline, counted from the last confirmed send', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startPrimary();
  rig.etcd('mute');
  const none = await batond.untilChild('none');
  const { lease } = batond.now();
  if (lease.kind !== 'held' || none.lastExit === null) throw new Error(`not held: ${JSON.stringify(batond.now())}`);
  const afterMs = none.lastExit.atMono - lease.confirmedSentMono;
  expect(afterMs).toBeGreaterThanOrEqual(testRules.ttlMs - testRules.marginMs);
  expect(afterMs).toBeLessThan(testRules.ttlMs);
  expect(rig.processes()).toEqual([]);
});

test('commits that are proved again and again keep a leader past its deadline; when they stop it is fenced', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary({ kind: 'proved-commits', sentMono: clock.mono(), overdue: false });
  rig.etcd('mute');
  const mutedMono = clock.mono();
  let provedMono = mutedMono;
  await until(() => {
    provedMono = clock.mono();
    batond.port.send({
      type: 'lead',
      term: revision(7),
      backing: { kind: 'proved-commits', sentMono: provedMono, overdue: false },
    });
    return clock.mono() - mutedMono > 2 * testRules.ttlMs;
  }, 'two ttls pass');
  expect(isAlive(child.pid)).toBe(true);
  const none = await batond.untilChild('none');
  const afterMs = (none.lastExit?.atMono ?? 0) - provedMono;
  expect(afterMs).toBeGreaterThanOrEqual(testRules.failsafeWindowMs);
  expect(afterMs).toBeLessThan(testRules.failsafeWindowMs + 1_000);
});

test('a lease that etcd does not know fences its leader before the deadline, and a new one is granted under a new id', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startPrimary();
  const before = batond.now().lease;
  rig.etcd('gone');
  const none = await batond.untilChild('none');
  const heldUntilMono = before.kind === 'held' ? before.confirmedSentMono + testRules.ttlMs - testRules.marginMs : 0;
  expect(none.lastExit?.atMono).toBeLessThan(heldUntilMono);
  rig.etcd('ok');
  const { lease } = await batond.until((view) => view.lease.kind === 'held', 'another lease');
  expect(lease.kind === 'held' && before.kind === 'held' && lease.leaseId !== before.leaseId).toBe(true);
});

test('a leader whom nobody else can replace outlives its lease, and leads on with another', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary({ kind: 'nobody-eligible' });
  rig.etcd('gone');
  await batond.until((view) => view.lease.kind !== 'held', 'the lease is gone');
  rig.etcd('ok');
  await batond.until((view) => view.lease.kind === 'held', 'another lease');
  expect(isAlive(child.pid)).toBe(true);
  // The other lease alone says nothing about a leadership that was on the one before.
  batond.port.send({ type: 'lead', term: revision(7), backing: { kind: 'lease-only' } });
  await batond.untilChild('none');
});

test('a standby is not fenced, whatever becomes of its lease', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startStandby();
  rig.etcd('gone');
  await until(
    () => rig.etcdCalls().filter((call) => call.startsWith('grant')).length >= 2,
    'another lease was asked for',
  );
  rig.etcd('mute');
  const mutedMono = clock.mono();
  await until(() => clock.mono() - mutedMono > 2 * testRules.ttlMs, 'two ttls pass');
  expect(batond.now().child).toMatchObject({ kind: 'running', pid: child.pid });
});
