/** Both daemons of the leader are frozen, its PostgreSQL is not: nobody there ends it, so its successor does. */
import { describe, expect, test } from 'vitest';
import type { Rig } from '../../scripts/rig/rig.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { expectIntact, goesOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { redundantPair } from '../support/redundant-pair.ts';
import { WatchedPrimary } from '../support/watched-primary.ts';

const takenOverLimitMs = 60_000;
/** How long what is read at the old primary may be stale, once another one takes writes. */
const staleMsMax = 1_000;

async function frozen(rig: Rig, leader: string): Promise<void> {
  await rig.member(leader).freeze('batond');
  await rig.member(leader).freeze('guardian');
}

describe('batond and guardian of the leader are stopped', () => {
  test('in mode off the old primary is stopped before its successor takes writes, and nothing acknowledged is lost', async () => {
    await using rig = await aCluster({ mode: 'off' });
    const { leader, standby } = await redundantPair(rig);
    const known = await knownIncidents(rig, standby);
    const client = await writing(rig);
    try {
      await using watched = new WatchedPrimary(rig, leader);
      await frozen(rig, leader);
      await rig.waitFor(`writes through ${standby}`, takenOverLimitMs, () => client.servedBy === standby);
      const takenOverMono = monoNow();
      await goesOn(client);
      expect(watched.lastWriteMono).toBeGreaterThan(0);
      expect(Math.max(watched.lastWriteMono, watched.lastReadMono)).toBeLessThan(takenOverMono);
      expect(rig.member(leader).postmasterPid()).toBe(null);
      rig.member(leader).thaw();
      expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
      await expectIntact(rig, client, standby);
      const [incident] = await newIncidents(rig, standby, known);
      expect(incident).toMatchObject({ kind: 'failover', mode: 'off', loss: { bytesMax: 0, provedNone: true } });
      expect(incident?.instants.t4?.by).toContain(`every process of ${leader}'s PostgreSQL was killed through itself`);
    } finally {
      rig.member(leader).thaw();
      await client.stop();
    }
  });

  test('in mode available it is stopped beside the promotion, and serves no stale reads for long', async () => {
    await using rig = await aCluster();
    const { leader, standby } = await redundantPair(rig);
    const known = await knownIncidents(rig, standby);
    const client = await writing(rig);
    try {
      await using watched = new WatchedPrimary(rig, leader);
      await frozen(rig, leader);
      await rig.waitFor(`writes through ${standby}`, takenOverLimitMs, () => client.servedBy === standby);
      const takenOverMono = monoNow();
      await goesOn(client);
      await rig.waitFor('the old primary to be gone', staleMsMax, () => rig.member(leader).postmasterPid() === null);
      expect(watched.lastReadMono).toBeLessThan(takenOverMono + staleMsMax);
      expect(watched.lastWriteMono).toBeLessThan(takenOverMono);
      rig.member(leader).thaw();
      expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
      await expectIntact(rig, client, standby);
      const [incident] = await newIncidents(rig, standby, known);
      expect(incident?.evidence.map(({ says }) => says).join('\n')).toContain('was killed through itself');
    } finally {
      rig.member(leader).thaw();
      await client.stop();
    }
  });
});
