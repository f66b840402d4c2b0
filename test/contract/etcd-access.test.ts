/** Passwords and certificates: what the adapter needs of them works, and what is wrong with them is said. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EtcdAccess } from '../../src/adapters/etcd/access.ts';
import { createCoordinator } from '../../src/adapters/etcd/create-coordinator.ts';
import { createLeaseStore } from '../../src/adapters/etcd/lease-store.ts';
import { leaseId } from '../../src/core/units.ts';
import { realClock as clock, until } from '../support/real-clock.ts';
import { startEtcd } from '../support/real-etcd.ts';
import { Follower, limitMs, put } from './store-under-test.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function connect(access: EtcdAccess) {
  const coordinator = createCoordinator({ ...access, namespace: '/service', cluster: 'domain-1', clock });
  const leases = createLeaseStore({ ...access, clock });
  closing.push(
    () => coordinator.close(),
    () => leases.close(),
  );
  return { coordinator, leases };
}

test('with a password everything works, also after the token has expired on a quiet watch', async () => {
  await using etcd = await startEtcd({ members: 1, flags: ['--auth-token-ttl', '2'] });
  const [endpoint = ''] = etcd.endpoints;
  const post = (path: string, body: object) =>
    fetch(`${endpoint}/v3/auth/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const password = 'correct horse';
  await post('user/add', { name: 'root', password });
  await post('user/grant', { user: 'root', role: 'root' });
  expect((await post('enable', {})).status).toBe(200);

  const { coordinator, leases } = connect({ endpoints: [endpoint], auth: { username: 'root', password } });
  const lease = leaseId('51');
  expect(await leases.grant(lease, 5_000, limitMs)).toEqual({ ok: true, value: 5_000 });
  expect(await coordinator.commit(put('leader', 'a', lease), limitMs)).toMatchObject({ kind: 'applied' });
  const follower = new Follower(coordinator);
  await until(() => follower.entry('leader') !== undefined, 3_000);

  // A restart forgets every token and breaks the watch: its next stream begins with a stale one.
  await etcd.restart(0);
  const other = connect({ endpoints: [endpoint], auth: { username: 'root', password } });
  await until(
    () => follower.seen.at(-1)?.kind === 'snapshot' && (follower.newest?.confirmedMono ?? 0) > clock.mono() - 500,
    5_000,
  );
  let promptly = 0;
  for (let round = 0; round < 20 && promptly < 3; round += 1) {
    const value = `round ${round}`;
    await other.coordinator.commit(put('sync', value), limitMs);
    const putMono = clock.mono();
    await until(() => follower.entry('sync')?.value === value, 2_000);
    promptly = clock.mono() - putMono < 100 ? promptly + 1 : 0;
  }
  expect(promptly, 'events come by the watch again, not by the read each second').toBe(3);

  const wrong = connect({ endpoints: [endpoint], auth: { username: 'root', password: 'battery staple' } });
  const refused = await wrong.coordinator.commit(put('leader', 'b'), limitMs);
  expect(refused).toMatchObject({ kind: 'failed', problem: expect.stringContaining('authentication failed') });
  expect(JSON.stringify(refused)).not.toContain('battery staple');
  const nobody = await connect({ endpoints: [endpoint] }).coordinator.commit(put('leader', 'b'), limitMs);
  expect(nobody.kind).toBe('failed');
});

test('with certificates everything works, without the right ones nothing does and the reason is told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'baton-pki-'));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: directory });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
  openssl('req', '-x509', ...key, '-keyout', 'other.key', '-out', 'other.pem', '-subj', '/CN=other');
  const signed = [
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-addext',
    'basicConstraints=CA:FALSE',
  ];
  openssl('req', '-x509', ...key, ...signed, '-keyout', 'node.key', '-out', 'node.pem', '-subj', '/CN=node');

  await using etcd = await startEtcd({
    members: 1,
    tls: { ca: file('ca.pem'), cert: file('node.pem'), key: file('node.key') },
  });
  const [ca, cert, certKey] = ['ca.pem', 'node.pem', 'node.key'].map((name) => readFileSync(file(name))) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const endpoints = etcd.secureEndpoints;
  const { coordinator, leases } = connect({ endpoints, tls: { ca, cert, key: certKey } });
  expect(await leases.grant(leaseId('52'), 5_000, limitMs)).toEqual({ ok: true, value: 5_000 });
  const follower = new Follower(coordinator);
  expect(await coordinator.commit(put('leader', 'a', leaseId('52')), limitMs)).toMatchObject({ kind: 'applied' });
  await until(() => follower.entry('leader') !== undefined, 3_000);

  const distrusting = connect({ endpoints, tls: { ca: readFileSync(file('other.pem')), cert, key: certKey } });
  const problem = await distrusting.coordinator.commit(put('leader', 'b'), limitMs);
  expect(problem).toMatchObject({ kind: 'failed', problem: expect.stringMatching(/certificate/) });
  const anonymous = connect({ endpoints, tls: { ca } });
  expect((await anonymous.coordinator.commit(put('leader', 'b'), limitMs)).kind).not.toBe('applied');
  const plain = connect({ endpoints: endpoints.map((url) => url.replace('https:', 'http:')) });
  expect((await plain.coordinator.commit(put('leader', 'b'), limitMs)).kind).not.toBe('applied');
});
