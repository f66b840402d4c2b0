import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../../scripts/rig/rig.ts';
import { connect } from '../../scripts/rig/writable-session.ts';
import { readJsonKey, readKey } from '../support/etcd-keys.ts';
import { endedOperations, readJournal } from '../support/member-journal.ts';
import { sqlOn, valueOn } from '../support/member-sql.ts';
import { commandLinesWith, filesWith, plantedSecrets } from '../support/planted-secrets.ts';
import { type Pair, redundantPair } from '../support/redundant-pair.ts';

let rig: Rig;
let pair: Pair;
/** Looked for all the time while the cluster comes up. */
const exposed: string[] = [];

beforeAll(async () => {
  rig = await startRig({ members: ['a', 'b'] });
  const secrets = plantedSecrets(rig);
  await rig.waitFor('the new cluster is redundant', 60_000, async () => {
    exposed.push(...commandLinesWith(rig, secrets));
    return rig.steady();
  });
  pair = await redundantPair(rig);
});
afterAll(() => rig?.stopAll());

test('of two that start at once exactly one runs initdb, and the other copies it', async () => {
  const { leader, standby } = pair;
  expect(endedOperations(rig, leader, 'initialize').map(({ outcome }) => outcome.ok)).toEqual([true]);
  expect(endedOperations(rig, standby, 'initialize')).toEqual([]);
  expect(endedOperations(rig, standby, 'clone').at(-1)).toMatchObject({ outcome: { ok: true } });
  const identifiers = await Promise.all(
    [leader, standby].map((name) => valueOn(rig, name, 'SELECT system_identifier::text FROM pg_control_system()')),
  );
  expect(identifiers[0]).toBe(identifiers[1]);
  expect(await readKey(rig, 'initialize')).toMatchObject({ value: identifiers[0], version: 1, lease: '0' });
});

test('the copy streams through the slot of its member, under the name of its copy', async () => {
  const { leader, standby } = pair;
  const copy = (await readJsonKey(rig, `members/${standby}`))['copy_id'];
  const [slot] = await sqlOn(rig, leader, 'SELECT slot_name, active, active_pid FROM pg_replication_slots');
  const [sender] = await sqlOn(rig, leader, 'SELECT pid, application_name, state, usename FROM pg_stat_replication');
  expect(slot).toMatchObject({ slot_name: `baton_${standby}`, active: true, active_pid: sender?.['pid'] });
  expect(sender).toMatchObject({
    application_name: `baton_${standby}_${copy}`,
    state: 'streaming',
    usename: 'replicator',
  });
  expect(await valueOn(rig, standby, 'SELECT pg_is_in_recovery()')).toBe(true);
});

test('the sync key names the copy that PostgreSQL waits for', async () => {
  const { leader, standby } = pair;
  const copyOf = async (name: string) => (await readJsonKey(rig, `members/${name}`))['copy_id'];
  expect(await readJsonKey(rig, 'sync')).toEqual({
    leader,
    sync_standby: standby,
    mode: 'available',
    copies: { [leader]: await copyOf(leader), [standby]: await copyOf(standby) },
  });
  expect(await sqlOn(rig, leader, 'SELECT sync_state FROM pg_stat_replication')).toEqual([{ sync_state: 'sync' }]);
});

test('no sync key named a standby before a commit was seen to wait for it', () => {
  const { leader, standby } = pair;
  const lines = readJournal(rig, leader);
  const added = lines.findIndex(
    (line) => line.kind === 'decided' && line.rule === 'sync-add' && line.intents.length > 0,
  );
  const proved = lines.findIndex(
    (line) =>
      line.kind === 'happened' &&
      line.event === 'operation-ended' &&
      JSON.stringify(line.details).includes(`"kind":"proved","proof":{"standby":"${standby}"`),
  );
  expect(proved).toBeGreaterThanOrEqual(0);
  expect(added).toBeGreaterThan(proved);
});

test('a commit waits while the standby is frozen, and ends when it goes on', async () => {
  const { leader, standby } = pair;
  await valueOn(rig, leader, 'CREATE TABLE held (n int)').catch(() => undefined);
  const endpoint = rig.clientEndpoints().find(({ name }) => name === leader);
  const session = endpoint === undefined ? null : await connect(endpoint, 5_000, true);
  if (session === null) throw new Error(`${leader} takes no writes`);
  try {
    const { rows } = await session.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await rig.freeze(standby);
    const committed = session.client.query('INSERT INTO held VALUES (1)');
    committed.catch(() => undefined);
    const waits = async () =>
      (await valueOn(rig, leader, 'SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [rows[0]?.pid])) ===
      'SyncRep';
    await rig.waitFor('the commit waiting in SyncRep', 5_000, waits).finally(() => rig.thaw(standby));
    await committed;
  } finally {
    rig.thaw(standby);
    session.drop();
  }
  pair = await redundantPair(rig);
  expect(await valueOn(rig, leader, 'SELECT count(*)::int FROM held')).toBe(1);
});

test('data pages carry checksums, hint bits are logged, and a crash of a backend ends the server', async () => {
  for (const name of [pair.leader, pair.standby]) {
    expect(await valueOn(rig, name, 'SHOW data_checksums')).toBe('on');
    expect(await valueOn(rig, name, 'SHOW wal_log_hints')).toBe('on');
    expect(await valueOn(rig, name, 'SHOW restart_after_crash')).toBe('off');
    expect(await valueOn(rig, name, 'SHOW fsync')).toBe('on');
    expect(await valueOn(rig, name, 'SHOW full_page_writes')).toBe('on');
  }
});

test('every line of pg_hba.conf asks for scram-sha-256, and passwords are stored so', async () => {
  for (const name of [pair.leader, pair.standby]) {
    const content = readFileSync(join(rig.member(name).files.dataDir, 'pg_hba.conf'), 'utf8');
    const methods = content
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => line.trim().split(/\s+/).at(-1));
    expect(new Set(methods)).toEqual(new Set(['scram-sha-256']));
  }
  const stored = await sqlOn(
    rig,
    pair.leader,
    `SELECT rolname FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$%'`,
  );
  expect(stored).toEqual([]);
});

test('a wrong password lets nobody in', async () => {
  for (const endpoint of rig.clientEndpoints())
    expect(await connect({ ...endpoint, password: 'not it' }, 5_000, false)).toBeNull();
});

test('no password is on a command line, in a log, a journal, a state file, the data or etcd', () => {
  const secrets = plantedSecrets(rig);
  expect(secrets.every((secret) => secret.length >= 20)).toBe(true);
  expect(exposed).toEqual([]);
  expect(commandLinesWith(rig, secrets)).toEqual([]);
  expect(filesWith(rig, secrets)).toEqual([]);
});
