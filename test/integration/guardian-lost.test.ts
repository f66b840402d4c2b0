import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import { revision } from '../../src/core/units.ts';
import { GuardianRig, isAlive, until } from '../support/guardian-rig.ts';

const clock = createSystemClock();

test('a guardian that is killed takes its postmaster along, batond kills the backends and starts another guardian', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary();
  const before = batond.now().lease;
  const guardian = rig.guardian();
  process.kill(guardian.pid, 'SIGKILL');
  const killedMono = clock.mono();
  await until(() => !isAlive(child.pid), 'the postmaster is gone');
  await batond.until((view) => view.child.kind === 'none', 'fenced');
  expect(clock.mono() - killedMono).toBeLessThan(1_000);
  expect(rig.processes()).toEqual([]);
  const seen = batond.views.map((view) => view.child.kind);
  expect(seen.slice(seen.lastIndexOf('running') + 1)[0]).toBe('exited');
  expect(batond.now().child).toMatchObject({ kind: 'none', lastExit: { requested: false } });
  // What the leader key is on can still be handed over, and the next guardian goes on with it.
  expect(batond.now().lease).toEqual(
    before.kind === 'held' ? { ...before, confirmedSentMono: expect.any(Number) } : {},
  );
  await batond.until((view) => view.connected && view.lease.kind === 'held', 'another guardian');
  expect(rig.guardian().pid).not.toBe(guardian.pid);
  const { lease } = batond.now();
  expect(lease.kind === 'held' && before.kind === 'held' && lease.leaseId === before.leaseId).toBe(true);
  expect(batond.now().child).toMatchObject({ kind: 'none', lastExit: { requested: false } });
});

test('a guardian that does not answer is killed, to the same effect', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond({ silentMs: 600 });
  const child = await batond.startPrimary();
  const guardian = rig.guardian();
  process.kill(guardian.pid, 'SIGSTOP');
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ requested: false });
  expect(isAlive(child.pid)).toBe(false);
  // The kernel gives back a stopped process in its own time; its postmaster was to be gone first.
  await until(() => !isAlive(guardian.pid), 'the guardian is gone', 1_000);
  expect(rig.processes()).toEqual([]);
  await batond.until((view) => view.connected, 'another guardian');
});

test('a guardian that was frozen before batond began is killed too', async () => {
  await using rig = new GuardianRig();
  const first = rig.batond({ silentMs: 600 });
  await first.startStandby();
  const guardian = rig.guardian();
  first.detach();
  process.kill(guardian.pid, 'SIGSTOP');
  const second = rig.batond({ silentMs: 600, startLimitMs: 2_000 });
  await second.until(() => second.log.some((line) => line.startsWith('guardian-killed')), 'killed');
  await second.until((view) => view.connected && view.child.kind === 'none', 'another guardian');
  expect(rig.processes()).toEqual([]);
});

test('batond fences by itself when its guardian does not confirm', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond({ silentMs: 30_000 });
  const child = await batond.startPrimary();
  const guardian = rig.guardian();
  process.kill(guardian.pid, 'SIGSTOP');
  batond.port.fence('a test');
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ requested: true });
  expect(isAlive(child.pid)).toBe(false);
  expect(rig.processes()).toEqual([]);
  process.kill(guardian.pid, 'SIGCONT');
  // It obeys the fence that lay in its socket before it starts anything.
  await until(() => /"event":"fence".*"child":\{"kind":"none"/s.test(rig.guardianLog()), 'the guardian is back');
  batond.port.send({ type: 'lead', term: revision(7), backing: { kind: 'lease-only' } });
  batond.port.send({ type: 'start', as: 'primary', term: revision(7), command: rig.fakePostgres() });
  await batond.untilServing();
});

test('a second guardian does not start where one lives', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startStandby();
  const guardian = rig.guardian();
  const entry = new URL('../support/guardian-entry.ts', import.meta.url).pathname;
  const second = spawnSync(process.execPath, [entry, '--spec', `${rig.stateDir}/guardian.spec.json`], {
    timeout: 10_000,
  });
  expect([second.status, second.stderr.toString()]).toEqual([
    3,
    expect.stringContaining(`guardian ${guardian.pid} already guards`),
  ]);
  expect(rig.guardian()).toEqual(guardian);
  expect(batond.now().child.kind).toBe('running');
});

test('SIGTERM waits for batond to hand over, stops postgres, gives the lease back and ends', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary();
  const guardian = rig.guardian();
  process.kill(guardian.pid, 'SIGTERM');
  await batond.until((view) => view.terminating === true, 'batond is told');
  expect(isAlive(child.pid)).toBe(true);
  batond.port.send({ type: 'follow' });
  await until(() => !isAlive(guardian.pid), 'the guardian has ended');
  expect(isAlive(child.pid)).toBe(false);
  expect(rig.etcdCalls().at(-1)).toMatch(/^revoke/);
  await batond.until(() => batond.log.some((line) => line.startsWith('guardian-terminated')), 'batond lets it be');
  expect(rig.guardianLog()).toContain('exit-terminated');
});
