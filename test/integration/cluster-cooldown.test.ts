/** Repeated failovers: the next one waits for somebody who has looked, and nothing else does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStatus } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton, tryBaton } from '../../scripts/rig/run-baton.ts';
import { expectIntact, goesOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { redundantPair } from '../support/redundant-pair.ts';

const servedLimitMs = 40_000;

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster({ shared: { failover: { cooldown: '1 in 1h' } } });
});
afterAll(() => rig?.stopAll());

test('after the last failover that is allowed a dead primary is restarted in place, until an operator resumes', async () => {
  const first = await redundantPair(rig);
  const client = await writing(rig);
  const killed = async (leader: string, serves: string) => {
    await rig.killPostmaster(leader);
    await rig.waitFor(`writes through ${serves}`, servedLimitMs, () => client.servedBy === serves);
    await goesOn(client);
  };
  try {
    await killed(first.leader, first.standby);
    const moved = await redundantPair(rig);
    expect(moved).toMatchObject({ leader: first.standby, standby: first.leader });
    expect(moved.status.held.join()).toMatch(/1 failover within 60 minutes.*baton resume/);

    const { term, timeline } = moved.status;
    await killed(moved.leader, moved.leader);
    const restarted = await redundantPair(rig);
    expect(restarted).toMatchObject({ leader: moved.leader, standby: moved.standby });
    expect(restarted.status).toMatchObject({ term, timeline });

    await runBaton(rig, moved.standby, ['resume', '--yes', '--reason', 'the cable is changed']);
    await rig.waitFor('nothing to be held', servedLimitMs, async () => {
      const both = await Promise.all([first.leader, first.standby].map((name) => readStatus(rig, name)));
      return both.every((status) => status?.held.length === 0);
    });
    expect(await tryBaton(rig, moved.standby, ['resume', '--yes'])).toMatchObject({ ended: 3 });

    await killed(moved.leader, moved.standby);
    const again = await redundantPair(rig);
    expect(again).toMatchObject({ leader: moved.standby, standby: moved.leader });
    await expectIntact(rig, client, again.leader);
  } finally {
    await client.stop();
  }
});
