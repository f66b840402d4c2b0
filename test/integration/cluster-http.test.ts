import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readStatus } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton } from '../../scripts/rig/run-baton.ts';
import type { Status } from '../../src/wire/status.ts';
import { aCluster } from '../support/cluster.ts';
import { type Pair, redundantPair } from '../support/redundant-pair.ts';

const answerLimitMs = 10_000;

let rig: Rig;
let pair: Pair;
beforeAll(async () => {
  rig = await aCluster();
  pair = await redundantPair(rig);
});
afterAll(() => rig?.stopAll());

async function codeOf(member: string, path: string, method = 'GET'): Promise<number> {
  const { host, apiPort } = rig.member(member).files;
  const url = `http://${host}:${apiPort}${path}`;
  const response = await fetch(url, { method, signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.status;
}

const paths: readonly (readonly [path: string, primary: number, standby: number])[] = [
  ['/primary', 200, 503],
  ['/read-write', 200, 503],
  ['/master', 200, 503],
  ['/leader', 200, 503],
  ['/replica', 503, 200],
  ['/replica?lag=16MB', 503, 200],
  ['/replica?replication_state=streaming', 503, 200],
  ['/read-only', 200, 200],
  ['/synchronous', 503, 200],
  ['/sync', 503, 200],
  ['/read-only-sync', 200, 200],
  ['/asynchronous', 503, 503],
  ['/async', 503, 503],
  ['/health', 200, 200],
  ['/liveness', 200, 200],
  ['/readiness', 200, 200],
  ['/patroni', 200, 200],
  ['/cluster', 200, 200],
  ['/history', 200, 200],
];

describe("Patroni's paths, on the primary and on its synchronous standby", () => {
  test.for(paths)('%s answers %i and %i', async ([path, primary, standby]) => {
    expect([await codeOf(pair.leader, path), await codeOf(pair.standby, path)]).toEqual([primary, standby]);
  });

  test('a load balancer may ask with HEAD and OPTIONS', async () => {
    for (const method of ['HEAD', 'OPTIONS']) {
      expect(await codeOf(pair.leader, '/primary', method)).toBe(200);
      expect(await codeOf(pair.standby, '/primary', method)).toBe(503);
    }
  });

  test('/cluster names the members as Patroni does', async () => {
    const { leader, standby } = pair;
    const named = expect.poll(async () => (await rig.member(standby).get('/cluster'))?.body, {
      timeout: answerLimitMs,
    });
    await named.toMatchObject({
      scope: rig.cluster,
      members: [leader, standby].toSorted().map((name) => ({
        name,
        ...(name === leader ? { role: 'leader', state: 'running' } : { role: 'sync_standby', state: 'streaming' }),
        ...{ host: rig.member(name).files.host, port: rig.member(name).files.postgresPort, timeline: 1 },
      })),
    });
  });

  test('/patroni says of each what it is', async () => {
    const systemIdentifier = /^\d+$/;
    expect((await rig.member(pair.leader).get('/patroni'))?.body).toMatchObject({
      ...{ role: 'primary', state: 'running', timeline: 1 },
      database_system_identifier: expect.stringMatching(systemIdentifier),
      patroni: { scope: rig.cluster, name: pair.leader },
    });
    expect((await rig.member(pair.standby).get('/patroni'))?.body).toMatchObject({
      ...{ role: 'replica', state: 'running', sync_standby: true, replication_state: 'streaming' },
      patroni: { name: pair.standby },
    });
  });
});

/** What does not move while nothing happens. */
const core = ({
  cluster,
  leader,
  term,
  timeline,
  redundant,
  paused,
  held,
  synchronous,
  members,
  incident,
}: Status) => ({
  ...{ cluster, leader, term, timeline, redundant, paused, held, synchronous, incident },
  members: members.map(({ name, location, role, state, host, port, apiUrl, ...rest }) => ({
    ...{ name, location, role, state, host, port, apiUrl },
    synchronous: rest.synchronous,
    timeline: rest.timeline,
  })),
});

test('GET /v1/status, `baton status --json` and both daemons say the same', async () => {
  for (const member of [pair.leader, pair.standby]) {
    const served = await readStatus(rig, member);
    const printed = (await runBaton(rig, member, ['status'])) as Status & { readonly source: string };
    expect(served).not.toBeNull();
    expect(core(printed)).toEqual(core(pair.status));
    expect(served === null ? null : core(served)).toEqual(core(pair.status));
    expect(printed.source).toBe('daemon');
  }
  expect(pair.status).toMatchObject({
    cluster: rig.cluster,
    leader: pair.leader,
    redundant: true,
    paused: false,
    held: [],
  });
});

test('changes are refused over the network', async () => {
  const { host, apiPort } = rig.member(pair.leader).files;
  const response = await fetch(`http://${host}:${apiPort}/v1/requests`, {
    method: 'POST',
    body: JSON.stringify({ kind: 'switchover', candidate: pair.standby }),
    signal: AbortSignal.timeout(5_000),
  });
  expect(response.status).toBe(403);
  expect(await redundantPair(rig)).toMatchObject({ leader: pair.leader, standby: pair.standby });
});

test("the balancer's answers move with the lead", async () => {
  const { leader, standby } = pair;
  await runBaton(rig, leader, ['switchover', '--yes', '--reason', 'to see the answers move']);
  pair = await redundantPair(rig);
  expect(pair).toMatchObject({ leader: standby, standby: leader });
  for (const [path, onPrimary, onStandby] of paths)
    expect([path, await codeOf(standby, path), await codeOf(leader, path)]).toEqual([path, onPrimary, onStandby]);
});
