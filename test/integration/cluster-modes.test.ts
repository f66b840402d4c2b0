import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareNodes, areEqual } from '../../scripts/rig/compare-nodes.ts';
import type { CheckingClient } from '../../scripts/rig/client.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { expectIntact, goesOn, verdictOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { readJsonKey, writeKey } from '../support/etcd-keys.ts';
import { knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { sqlOn, valueOn } from '../support/member-sql.ts';
import { redundantPair } from '../support/redundant-pair.ts';

/** A writer that waits for its answer for ever, as most clients do. */
const patient = { silenceMs: 120_000 };

describe('in mode strict', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await aCluster({ mode: 'strict' });
  });
  afterAll(() => rig?.stopAll());

  /** Nothing has been acknowledged for three seconds. */
  const blocked = (client: CheckingClient): Promise<boolean> =>
    rig.waitFor('writes to block', 30_000, () => {
      const newest = client.outages(monoNow())[0];
      return newest !== undefined && newest.lengthMs >= 3_000;
    });

  test('writes block when the standby is lost, and go on when it is back', async () => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const client = await writing(rig, patient);
    try {
      await rig.killNode(standby);
      await blocked(client);
      expect(await readJsonKey(rig, 'sync')).toMatchObject({ leader, mode: 'strict' });
      expect(await valueOn(rig, leader, 'SHOW synchronous_standby_names')).not.toBe('');
      rig.restartNode(standby);
      await goesOn(client);
      const after = await redundantPair(rig);
      expect(after).toMatchObject({ leader, standby });
      expect(after.status.term).toBe(before.status.term);
      await expectIntact(rig, client, leader);
    } finally {
      await client.stop();
    }
  });

  test('batond of a leader whose commits wait for a lost standby ends at once, and postgres stays', async () => {
    const { leader, standby } = await redundantPair(rig);
    const member = rig.member(leader);
    const postmaster = member.postmasterPid();
    await rig.killNode(standby);
    const waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    await rig.waitFor('a probe commit to wait', 10_000, async () => (await valueOn(rig, leader, waits)) !== '0');
    member.detach();
    await rig.waitFor('the end of batond', 5_000, () => member.processes('batond').length === 0);
    expect(await valueOn(rig, leader, 'SELECT pg_is_in_recovery()')).toBe(false);
    member.start();
    rig.restartNode(standby);
    expect(await redundantPair(rig)).toMatchObject({ leader, standby });
    expect(member.postmasterPid()).toBe(postmaster);
  });

  test('clients are put out while somebody else rules what commits wait for, and let in again when nobody does', async () => {
    const { leader } = await redundantPair(rig);
    // Not a superuser: those are not kept out by pg_hba.conf.
    const clerk = { user: 'clerk', password: 'pen' };
    await sqlOn(rig, leader, `CREATE ROLE clerk LOGIN PASSWORD '${clerk.password}'`);
    await sqlOn(rig, leader, 'GRANT CREATE ON SCHEMA public TO clerk');
    await sqlOn(rig, leader, 'ALTER TABLE IF EXISTS baton_writes OWNER TO clerk');
    const endpoints = rig.clientEndpoints().map((endpoint) => ({ ...endpoint, ...clerk }));
    const client = await writing(rig, { ...patient, endpoints });
    try {
      await sqlOn(rig, leader, "ALTER SYSTEM SET synchronous_standby_names = ''");
      await sqlOn(rig, leader, 'SELECT pg_reload_conf()');
      await rig.waitFor('clients to be put out', 10_000, async () => {
        const code = (await rig.member(leader).get('/primary'))?.code;
        return code === 503;
      });
      await blocked(client);
      expect(JSON.stringify(await rig.status(leader))).toContain('postgresql.auto.conf');
      await sqlOn(rig, leader, 'ALTER SYSTEM RESET synchronous_standby_names');
      await sqlOn(rig, leader, 'SELECT pg_reload_conf()');
      await goesOn(client);
      expect(await redundantPair(rig)).toMatchObject({ leader });
      await expectIntact(rig, client, leader);
    } finally {
      await client.stop();
    }
  });

  test('a successor acknowledges nothing before it has a standby of its own', async () => {
    const { leader, standby } = await redundantPair(rig);
    const client = await writing(rig);
    try {
      const killedMono = await rig.killNode(leader);
      await rig.waitFor(`${standby} out of recovery`, 30_000, async () => {
        const code = (await rig.member(standby).get('/leader'))?.code;
        return code === 200;
      });
      await blocked(client);
      expect(client.servedBy).toBe(leader);
      rig.restartNode(leader);
      await rig.waitFor(`writes through ${standby}`, 40_000, () => client.servedBy === standby);
      expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
      expect(client.outages(killedMono)[0]?.lengthMs).toBeGreaterThanOrEqual(3_000);
      await goesOn(client);
      await expectIntact(rig, client, standby);
    } finally {
      await client.stop();
    }
  });
});

describe('in mode off', () => {
  const ttlMs = 5_000;
  const heartbeatMs = 250;
  let rig: Rig;
  beforeAll(async () => {
    rig = await aCluster({ mode: 'off', shared: { lease: { ttl: `${ttlMs}ms`, heartbeat: `${heartbeatMs}ms` } } });
  });
  afterAll(() => rig?.stopAll());

  test('no commit waits for the standby, and sync names none', async () => {
    const { leader, standby } = await redundantPair(rig);
    expect(await readJsonKey(rig, 'sync')).toMatchObject({ leader, sync_standby: null, mode: 'off' });
    expect(await valueOn(rig, leader, 'SHOW synchronous_standby_names')).toBe('');
    expect(await valueOn(rig, leader, 'SELECT sync_state FROM pg_stat_replication')).toBe('async');
    expect((await rig.member(standby).get('/asynchronous'))?.code).toBe(200);
  });

  test('a killed postmaster is restarted in place, and nothing acknowledged is lost', async () => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const known = await knownIncidents(rig, standby);
    const client = await writing(rig);
    try {
      const pid = rig.member(leader).postmasterPid();
      await rig.killPostmaster(leader);
      await goesOn(client);
      const after = await redundantPair(rig);
      expect(after).toMatchObject({ leader, standby });
      expect(after.status).toMatchObject({ term: before.status.term, timeline: before.status.timeline });
      expect(rig.member(leader).postmasterPid()).not.toBe(pid);
      await goesOn(client);
      await expectIntact(rig, client, leader);
      const recorded = await newIncidents(rig, leader, known);
      expect(recorded).toMatchObject([
        {
          kind: 'restart-in-place',
          oldLeader: { member: leader },
          newLeader: { member: leader },
          loss: { provedNone: true },
        },
      ]);
    } finally {
      await client.stop();
    }
  });

  test('a killed node is succeeded only after its lease and its own deadline have passed', async () => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const known = await knownIncidents(rig, standby);
    const client = await writing(rig);
    try {
      const killedMono = await rig.killNode(leader);
      await rig.waitFor(`writes through ${standby}`, 60_000, () => client.servedBy === standby);
      // The lease runs out one ttl after its last renewal, and is believed to be gone one ttl after that.
      expect(client.outages(killedMono)[0]?.lengthMs).toBeGreaterThanOrEqual(2 * ttlMs - heartbeatMs);
      rig.restartNode(leader);
      const after = await redundantPair(rig);
      await goesOn(client);
      expect(after).toMatchObject({ leader: standby, standby: leader });
      expect(after.status.term).toBeGreaterThan(before.status.term ?? Number.NaN);
      expect(after.status.timeline).toBe((before.status.timeline ?? Number.NaN) + 1);
      expect(await verdictOn(rig, client, standby)).toMatchObject({ doubled: 0, foreign: 0 });
      const nodes = await compareNodes(rig.clientEndpoints(), standby, 20_000);
      expect(areEqual(nodes), JSON.stringify(nodes)).toBe(true);
      const [incident] = await newIncidents(rig, standby, known);
      expect(incident).toMatchObject({ kind: 'failover', mode: 'off', loss: { provedNone: false } });
    } finally {
      await client.stop();
    }
  });
});

test('the mode changes when the configuration asks for it, in etcd and in PostgreSQL, while clients write', async () => {
  await using rig = await aCluster();
  const { leader, standby } = await redundantPair(rig);
  const client = await writing(rig);
  const copy = (await readJsonKey(rig, `members/${standby}`))['copy_id'];
  const steps = [
    { mode: 'off', sync_standby: null, names: '' },
    { mode: 'available', sync_standby: standby, names: `baton_${standby}_${copy}` },
    { mode: 'strict', sync_standby: standby, names: `baton_${standby}_${copy}` },
    { mode: 'available', sync_standby: standby, names: `baton_${standby}_${copy}` },
  ] as const;
  try {
    for (const { mode, sync_standby, names } of steps) {
      const config = await readJsonKey(rig, 'config');
      const synchronous = { ...(config['synchronous'] as object), mode };
      await writeKey(rig, 'config', JSON.stringify({ ...config, synchronous }));
      await rig.waitFor(`mode ${mode}, with ${sync_standby ?? 'nobody'} named`, 20_000, async () => {
        const sync = await readJsonKey(rig, 'sync');
        const waitsFor = String(await valueOn(rig, leader, 'SHOW synchronous_standby_names'));
        const waited = names === '' ? waitsFor === '' : waitsFor.includes(names);
        return sync['mode'] === mode && sync['sync_standby'] === sync_standby && waited;
      });
      await goesOn(client);
      const { status } = await redundantPair(rig);
      expect(status).toMatchObject({ leader, synchronous: { mode, standbys: sync_standby === null ? [] : [standby] } });
    }
    await expectIntact(rig, client, leader);
  } finally {
    await client.stop();
  }
});
