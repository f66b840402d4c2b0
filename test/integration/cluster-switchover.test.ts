import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIncidents, readStatus } from '../../scripts/rig/daemon-facts.ts';
import { signalOne } from '../../scripts/rig/processes.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { tryBaton } from '../../scripts/rig/run-baton.ts';
import { expectIntact, goesOn, verdictOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { readJsonKey, readKey } from '../support/etcd-keys.ts';
import { expectComplete, knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { endedOperations } from '../support/member-journal.ts';
import { valueOn } from '../support/member-sql.ts';
import { redundantPair } from '../support/redundant-pair.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster();
});
afterAll(() => rig?.stopAll());

async function baton(member: string, ...args: readonly string[]) {
  const { ended, stdout, stderr } = await tryBaton(rig, member, args);
  return { ended, stderr, json: JSON.parse(stdout === '' ? 'null' : stdout) as Record<string, unknown> | null };
}

const copyOf = async (member: string) => (await readJsonKey(rig, `members/${member}`))['copy_id'];
/** Changes with whatever decides who leads and who may. */
const decisive = () => Promise.all(['leader', 'sync', 'failover', 'history'].map((key) => readKey(rig, key)));

describe('a switchover', () => {
  test('hands over without loss, exits with 0, and the old primary streams again from the copy that it had', async () => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const known = await knownIncidents(rig, standby);
    const copy = await copyOf(leader);
    const client = await writing(rig);
    try {
      const run = await baton(leader, 'switchover', '--yes', '--reason', 'a kernel update');
      expect(run, run.stderr).toMatchObject({ ended: 0, json: { state: 'done', leader: standby } });
      await rig.waitFor(`writes through ${standby}`, 20_000, () => client.servedBy === standby);
      const after = await redundantPair(rig);
      await goesOn(client);

      expect(after).toMatchObject({ leader: standby, standby: leader });
      expect(after.status.term).toBeGreaterThan(before.status.term ?? Number.NaN);
      expect(after.status.timeline).toBe((before.status.timeline ?? Number.NaN) + 1);
      expect(await copyOf(leader)).toBe(copy);
      expect(await readKey(rig, 'failover')).toBeNull();
      await expectIntact(rig, client, standby);

      const recorded = await newIncidents(rig, standby, known);
      expect(recorded).toMatchObject([
        { kind: 'switchover', trigger: 'operator-request', loss: { provedNone: true }, recordedBy: standby },
      ]);
      if (recorded[0] !== undefined) expectComplete(recorded[0]);
    } finally {
      await client.stop();
    }
  });

  test('can be asked of the daemon of any member', async () => {
    const { leader, standby } = await redundantPair(rig);
    const run = await baton(standby, 'switchover', '--yes', '--candidate', standby, '--reason', 'asked elsewhere');
    expect(run, run.stderr).toMatchObject({ ended: 0, json: { state: 'done', leader: standby } });
    expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
  });

  test('as a dry run shows the plan, exits with 0 and changes nothing', async () => {
    const { leader, standby } = await redundantPair(rig);
    const keys = await decisive();
    const run = await baton(leader, 'switchover', '--dry-run');
    expect(run).toMatchObject({
      ended: 0,
      json: { dryRun: true, plan: { kind: 'switchover', leader, candidate: standby, losesNothing: true } },
    });
    expect(await decisive()).toEqual(keys);
  });

  const refusals: readonly (readonly [says: string, code: string, args: (leader: string) => readonly string[]])[] = [
    ['a candidate that is no member', 'candidate-registered', () => ['--yes', '--candidate', 'nobody']],
    ['a candidate that leads already', 'candidate-is-not-leader', (leader) => ['--yes', '--candidate', leader]],
    ['nobody who could be asked', 'confirmed', () => []],
  ];
  test.for(refusals)('with %s is refused with exit code 3, and changes nothing', async ([, code, args]) => {
    const { leader } = await redundantPair(rig);
    const keys = await decisive();
    const run = await baton(leader, 'switchover', ...args(leader));
    expect(run).toMatchObject({ ended: 3, json: { error: { code } } });
    expect(await decisive()).toEqual(keys);
  });
});

describe('a forced failover', () => {
  test('from a healthy leader to its synchronous standby loses nothing', async () => {
    const { leader, standby } = await redundantPair(rig);
    const known = await knownIncidents(rig, standby);
    const client = await writing(rig);
    try {
      const run = await baton(leader, 'failover', '--candidate', standby, '--yes', '--reason', 'its disk is slow');
      expect(run, run.stderr).toMatchObject({ ended: 0, json: { state: 'done', leader: standby } });
      await rig.waitFor(`writes through ${standby}`, 20_000, () => client.servedBy === standby);
      expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
      await goesOn(client);
      await expectIntact(rig, client, standby);
      const [incident] = await newIncidents(rig, standby, known);
      expect(incident).toMatchObject({ kind: 'forced-failover', trigger: 'operator-request' });
      // The command said before: nothing is lost, the candidate has every acknowledged commit.
      expect(incident).toMatchObject({ loss: { provedNone: true } });
    } finally {
      await client.stop();
    }
  });

  test('to a standby that commits do not wait for is refused with exit code 3 unless the loss is accepted', async () => {
    const { leader, standby } = await redundantPair(rig);
    const receiver = (await valueOn(rig, standby, 'SELECT pid FROM pg_stat_wal_receiver')) as number;
    signalOne(receiver, 'SIGSTOP');
    const client = await writing(rig);
    try {
      await rig.waitFor(`${standby} out of sync`, 20_000, async () => {
        const status = await readStatus(rig, leader);
        return status !== null && status.synchronous.standbys.length === 0;
      });
      await goesOn(client);
      const keys = await decisive();
      const run = await baton(leader, 'failover', '--candidate', standby, '--yes', '--reason', 'in a hurry');
      expect(run).toMatchObject({ ended: 3, json: { error: { code: 'no-loss' } } });
      const planned = await baton(leader, 'switchover', '--candidate', standby, '--yes');
      expect(planned).toMatchObject({
        ended: 3,
        json: { error: { code: expect.stringMatching(/^candidate-(ready|eligible)$/) } },
      });
      expect(await decisive()).toEqual(keys);
    } finally {
      signalOne(receiver, 'SIGCONT');
      await client.stop();
    }
    expect(await redundantPair(rig)).toMatchObject({ leader, standby });
    await expectIntact(rig, client, leader);
  });

  test('when only an outdated standby is left needs the loss accepted and the old primary declared fenced', async () => {
    const { leader, standby } = await redundantPair(rig);
    await rig.killNode(standby);
    const client = await writing(rig);
    let unreplicated = 0;
    try {
      await rig.waitFor(`${leader} exposed`, 20_000, async () => {
        const status = await readStatus(rig, leader);
        return status !== null && status.synchronous.standbys.length === 0;
      });
      const atLeast = client.acknowledgedCount;
      await goesOn(client);
      await client.stop();
      unreplicated = client.acknowledgedCount - atLeast;
    } finally {
      await client.stop();
    }
    const known = await knownIncidents(rig, leader);
    await rig.killNode(leader);
    rig.restartNode(standby);
    await rig.waitFor('nobody leads any more, and the outdated standby says so', 30_000, async () => {
      const status = await readStatus(rig, standby);
      const own = status?.members.find(({ name }) => name === standby);
      return status !== null && status.leader === null && own?.lsn != null;
    });

    const ask = (...flags: readonly string[]) =>
      baton(standby, 'failover', '--candidate', standby, '--yes', '--reason', 'its host burned down', ...flags);
    expect(await ask()).toMatchObject({ ended: 3, json: { error: { code: 'no-loss' } } });
    expect(await ask('--allow-data-loss')).toMatchObject({ ended: 3, json: { error: { code: 'old-primary-fenced' } } });
    expect(await readKey(rig, 'leader')).toBeNull();
    const run = await ask('--allow-data-loss', '--old-primary-is-fenced', '--timeout', '25s');
    expect(run, `${run.stderr}\n${rig.member(standby).logTail()}`).toMatchObject({
      ended: 0,
      json: { state: 'done', leader: standby },
    });

    const [incident] = await rig.waitFor('the incident', 20_000, async () => {
      const found = (await readIncidents(rig, standby)).filter(
        ({ id, kind }) => !known.has(id) && kind === 'forced-failover',
      );
      return found.length > 0 ? found : null;
    });
    expect(incident).toMatchObject({ newLeader: { member: standby }, loss: { provedNone: false } });

    rig.restartNode(leader);
    expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
    expect(endedOperations(rig, leader, 'rejoin').at(-1)).toMatchObject({ outcome: { ok: true } });
    const verdict = await verdictOn(rig, client, standby);
    expect(verdict).toMatchObject({ doubled: 0, foreign: 0 });
    expect(verdict.missing).toBeGreaterThanOrEqual(unreplicated);
  });
});
