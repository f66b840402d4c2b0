import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { revision } from '../../src/core/units.ts';
import { GuardianRig, isAlive, until } from '../support/guardian-rig.ts';

test('a postgres that is killed is reported at once, and its backends are killed', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startPrimary();
  const atMono = performance.now();
  process.kill(child.pid, 'SIGKILL');
  await until(
    () =>
      batond.views.some(({ child: { kind } }) => kind === 'exited' || kind === 'none') &&
      batond.now().child.kind !== 'running',
    'the exit is reported',
  );
  expect(performance.now() - atMono).toBeLessThan(1_000);
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ code: null, signal: 'SIGKILL', requested: false });
  expect(rig.processes()).toEqual([]);
});

test('a fence ends the backends that outlive their postmaster, and says so when they are gone', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startPrimary();
  const before = rig.processes();
  batond.port.fence('a test');
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ signal: 'SIGKILL', requested: true });
  expect(before.filter(isAlive)).toEqual([]);
});

test('a fast stop lets postgres end by itself', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startPrimary();
  batond.port.send({ type: 'stop', mode: 'fast', limitMs: 5_000, reason: 'a test' });
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ code: 0, requested: true });
});

test('what was asked for says nothing of the next run', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startStandby();
  batond.port.fence('a test');
  await batond.untilChild('none');
  const child = await batond.startStandby();
  process.kill(child.pid, 'SIGKILL');
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ requested: false });
});

test('a stop past its limit becomes a fence', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.startStandby();
  batond.port.fence('to start another');
  await batond.untilChild('none');
  batond.port.send({ type: 'start', as: 'standby', term: null, command: rig.fakePostgres('stubborn') });
  await batond.untilServing();
  batond.port.send({ type: 'stop', mode: 'fast', limitMs: 300, reason: 'a test' });
  await batond.untilChild('stopping');
  const none = await batond.untilChild('none');
  expect(none.lastExit).toMatchObject({ code: null, signal: 'SIGKILL', requested: true });
});

test('nothing starts as a standby without standby.signal, nor as a primary without a term', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.until((view) => view.lease.kind === 'held' && view.child.kind === 'none', 'a lease');
  batond.port.send({ type: 'start', as: 'standby', term: null, command: rig.fakePostgres() });
  batond.port.send({ type: 'start', as: 'primary', term: null, command: rig.fakePostgres() });
  await until(() => batond.log.filter((line) => line.startsWith('guardian-refused')).length === 2, 'both are refused');
  expect(rig.processes()).toEqual([]);
  batond.port.send({ type: 'start', as: 'primary', term: revision(7), command: rig.fakePostgres() });
  await batond.untilChild('running');
});

test('a program that cannot be executed is an exit, not a silence', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.until((view) => view.lease.kind === 'held' && view.child.kind === 'none', 'a lease');
  const command = { ...rig.fakePostgres(), binary: '/no/such/postgres' };
  batond.port.send({ type: 'start', as: 'primary', term: revision(7), command });
  const view = await batond.until(({ child }) => child.kind === 'none' && child.lastExit !== null, 'the exit');
  expect(view.child).toMatchObject({ lastExit: { code: 127, requested: false } });
});

test('socket, lease and spec can be read by nobody else', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  await batond.until((view) => view.lease.kind === 'held', 'a lease');
  for (const name of ['guardian.sock', 'lease.json', 'guardian.spec.json', 'guardian.pid', 'guardian.log']) {
    expect([name, statSync(join(rig.stateDir, name)).mode & 0o077]).toEqual([name, 0]);
  }
  expect(existsSync(join(rig.stateDir, 'lease.json.new'))).toBe(false);
});
