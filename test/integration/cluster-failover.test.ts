import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signalOne } from '../../scripts/rig/processes.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { expectIntact, goesOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { expectComplete, knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { readKey } from '../support/etcd-keys.ts';
import { valueOn } from '../support/member-sql.ts';
import { redundantPair } from '../support/redundant-pair.ts';

const servedLimitMs = 40_000;

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster();
});
afterAll(() => rig?.stopAll());

type HistoryRow = readonly [
  timeline: number,
  lsn: number,
  reason: string,
  at: string,
  leader: string,
  ...more: string[],
];
const historyRows = async () => JSON.parse((await readKey(rig, 'history'))?.value ?? '[]') as readonly HistoryRow[];

interface Failure {
  readonly says: string;
  readonly trigger: string;
  inject(leader: string): Promise<unknown>;
  /** Once clients write again. */
  heal?(leader: string): void;
}

const killBackend = async (leader: string): Promise<void> => {
  const pid = await valueOn(
    rig,
    leader,
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND query LIKE 'INSERT INTO baton_writes%' LIMIT 1`,
  );
  signalOne(pid as number, 'SIGKILL');
};

const failures: readonly Failure[] = [
  {
    says: 'the postmaster is killed',
    trigger: 'postmaster-exited',
    inject: (leader) => rig.killPostmaster(leader),
  },
  {
    says: 'the whole node is killed, and started again',
    trigger: 'primary-gone',
    inject: (leader) => rig.killNode(leader),
    heal: (leader) => rig.restartNode(leader),
  },
  {
    says: 'the guardian is killed',
    trigger: 'postmaster-exited',
    inject: (leader) => rig.member(leader).kill('guardian'),
  },
  {
    says: 'a backend is killed',
    trigger: 'postmaster-exited',
    inject: killBackend,
  },
];

describe('in mode available the synchronous standby takes over without loss when', () => {
  test.for(failures)('$says', async ({ trigger, inject, heal }) => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const known = await knownIncidents(rig, standby);
    const rows = await historyRows();
    const client = await writing(rig);
    try {
      await inject(leader);
      await rig.waitFor(`writes through ${standby}`, servedLimitMs, () => client.servedBy === standby);
      heal?.(leader);
      const after = await redundantPair(rig);
      await goesOn(client);

      expect(after).toMatchObject({ leader: standby, standby: leader });
      expect(after.status.term).toBeGreaterThan(before.status.term ?? Number.NaN);
      expect(after.status.timeline).toBe((before.status.timeline ?? Number.NaN) + 1);
      expect(after.status.synchronous).toEqual({ mode: 'available', standbys: [leader] });
      expect(await valueOn(rig, standby, 'SELECT sync_state FROM pg_stat_replication')).toBe('sync');
      await expectIntact(rig, client, standby);

      const recorded = await newIncidents(rig, standby, known);
      expect(recorded.map(({ id, kind }) => `${id} ${kind}`)).toHaveLength(1);
      const [incident] = recorded;
      expect(incident).toMatchObject({
        ...{ kind: 'failover', trigger, state: 'closed', closedBecause: 'redundant', mode: 'available' },
        ...{ oldLeader: { member: leader }, newLeader: { member: standby } },
        ...{ termBefore: before.status.term, termAfter: after.status.term },
        ...{ oldTimeline: before.status.timeline, newTimeline: after.status.timeline },
        ...{ measuredBy: 'standby', recordedBy: standby },
        loss: { bytesMax: 0, timeMsMax: 0, provedNone: true },
      });
      if (incident !== undefined) expectComplete(incident);
      // The record outlives its recorder: the other member has it too.
      expect(await newIncidents(rig, leader, known)).toEqual(recorded);

      const newRows = await historyRows();
      expect(newRows).toHaveLength(rows.length + 1);
      expect(newRows.at(-1)).toMatchObject({ 0: before.status.timeline, 4: standby });
    } finally {
      await client.stop();
    }
  });
});

describe('nobody loses service and nobody takes over when', () => {
  const ends: readonly (readonly [says: string, end: (leader: string) => Promise<unknown>])[] = [
    ['batond is killed and started again', (leader) => rig.member(leader).kill('batond')],
    [
      'batond gets SIGTERM, which detaches it, and is started again',
      (leader) => {
        rig.member(leader).detach();
        return rig.waitFor('batond to end', 10_000, () => rig.member(leader).processes('batond').length === 0);
      },
    ],
  ];
  test.for(ends)('%s', async ([, end]) => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const known = await knownIncidents(rig, standby);
    const guarded = () =>
      (['guardian', 'postmaster'] as const).map((part) => rig.member(leader).processes(part)[0]?.pid);
    const pids = guarded();
    expect(pids.every((pid) => pid !== undefined)).toBe(true);
    const client = await writing(rig);
    const beganMono = monoNow();
    try {
      await end(leader);
      await goesOn(client);
      expect(guarded()).toEqual(pids);
      rig.restartNode(leader);
      const after = await redundantPair(rig);
      await goesOn(client);
      await client.stop();
      expect(after).toMatchObject({ leader, standby });
      expect(after.status.term).toBe(before.status.term);
      expect(after.status.timeline).toBe(before.status.timeline);
      expect(guarded()).toEqual(pids);
      expect(client.outages(beganMono)[0]?.lengthMs ?? 0).toBeLessThan(1_000);
      await expectIntact(rig, client, leader);
      expect([...(await knownIncidents(rig, standby))].filter((id) => !known.has(id))).toEqual([]);
    } finally {
      await client.stop();
    }
  });

  test("the standby's postmaster is killed: writes go on soon, and it comes back synchronous", async () => {
    const before = await redundantPair(rig);
    const { leader, standby } = before;
    const client = await writing(rig);
    try {
      const killedMono = await rig.killPostmaster(standby);
      await goesOn(client);
      const after = await redundantPair(rig);
      await goesOn(client);
      await client.stop();
      expect(after).toMatchObject({ leader, standby });
      expect(after.status.term).toBe(before.status.term);
      expect(client.outages(killedMono)[0]?.lengthMs ?? 0).toBeLessThan(2_000);
      expect(await valueOn(rig, leader, 'SELECT sync_state FROM pg_stat_replication')).toBe('sync');
      await expectIntact(rig, client, leader);
    } finally {
      await client.stop();
    }
  });
});
