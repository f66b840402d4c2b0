/** Announced maintenance, drills and reports on a schedule, on real processes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readIncidents } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton, tryBaton } from '../../scripts/rig/run-baton.ts';
import type { Run } from '../../src/core/sla/schedule/run.ts';
import { second } from '../../src/core/units.ts';
import { contractReportSchema } from '../../src/wire/contract-report.ts';
import { drillListSchema, maintenanceListSchema } from '../../src/wire/planned-drafts.ts';
import { runListSchema } from '../../src/wire/run-records.ts';
import type { CloudEvent } from '../../src/core/sla/notices/envelopes.ts';
import type { Notice } from '../../src/core/sla/notices/notice.ts';
import { aCluster } from '../support/cluster.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { redundantPair } from '../support/redundant-pair.ts';
import { SmtpRelay } from '../support/smtp-relay.ts';

const sites = [{ id: 'infirmary', name: 'Royal Infirmary' }];
const contract = {
  id: 'records',
  customer: 'The Trust',
  sites: ['infirmary'],
  zone: 'Europe/London',
  rto: '30s',
  availability: { target: 99, per: 'month' },
  maintenance: { notice: '0d', cap: '4h' },
};
const periodMs = 3 * second;
const limitMs = 30_000;
/** A cluster is there and redundant well before that. */
const startsWithinMs = 40 * second;

async function read<T>(rig: Rig, member: string, path: string, schema: z.ZodType<T>): Promise<T | null> {
  const answer = await rig.member(member).get(path);
  return answer?.code === 200 ? schema.parse(answer.body) : null;
}

describe('on one cluster', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await aCluster({ contracts: { sites, contracts: [contract] } });
  });
  afterAll(() => rig?.stopAll());

  test('a switchover inside an announced window is excluded, and an unannounced one is judged', async () => {
    const { leader, standby } = await redundantPair(rig);
    const known = await knownIncidents(rig, standby);
    const from = Date.now() + 4 * second;
    const window = ['--from', new Date(from).toISOString(), '--to', new Date(from + 60 * second).toISOString()];
    const announced = await runBaton(rig, standby, [
      'maintenance',
      'announce',
      ...window,
      '--yes',
      '--reason',
      'a kernel',
    ]);
    expect(announced).toMatchObject({ state: 'announced', rulings: [{ contract: 'records', excluded: true }] });
    await rig.waitFor('the window to begin', limitMs, () => Date.now() > from);
    await runBaton(rig, leader, ['switchover', '--yes', '--reason', 'a kernel']);
    const [incident] = await newIncidents(rig, standby, known);
    expect(incident).toMatchObject({
      kind: 'switchover',
      verdicts: [
        { contract: 'records', outcome: { kind: 'excluded' }, measures: [{ of: 'rto', actualMs: 0 }, {}, {}] },
      ],
    });

    const moved = await redundantPair(rig);
    const { id } = announced as { id: string };
    await runBaton(rig, moved.leader, ['maintenance', 'cancel', id, '--yes', '--reason', 'done early']);
    const again = await knownIncidents(rig, moved.standby);
    await runBaton(rig, moved.leader, ['switchover', '--yes']);
    const [judged] = await newIncidents(rig, moved.standby, again);
    expect(judged?.verdicts).toMatchObject([{ outcome: { kind: 'met' } }]);

    const listed = await runBaton(rig, moved.standby, ['maintenance', 'list']);
    expect(listed).toMatchObject({ maintenance: [{ id, reason: 'a kernel', cancelledBy: expect.any(String) }] });
    const past = ['--from', '2008-05-04T02:00:00Z', '--to', '2008-05-04T03:00:00Z'];
    const refused = await tryBaton(rig, moved.standby, ['maintenance', 'announce', ...past, '--yes']);
    expect({ ended: refused.ended, error: JSON.parse(refused.stdout) }).toMatchObject({
      ended: 3,
      error: { error: { code: 'window-past' } },
    });
  });

  test('a drill ends as an incident of its kind, with its verdict, on both members', async () => {
    const { leader, standby } = await redundantPair(rig);
    const known = await knownIncidents(rig, standby);
    const run = await runBaton(rig, leader, ['drill', 'run', '--yes', '--reason', 'before the holidays']);
    expect(run).toMatchObject({ state: 'done', leader: standby });
    const [incident] = await newIncidents(rig, standby, known);
    expect(incident).toMatchObject({
      kind: 'drill',
      trigger: 'drill',
      loss: { provedNone: true },
      verdicts: [{ contract: 'records', outcome: { kind: 'met' } }],
    });
    await redundantPair(rig);
    for (const member of [leader, standby]) {
      const drills = await rig.waitFor(`the drill and its verdict at ${member}`, limitMs, async () => {
        const listed = await read(rig, member, '/v1/drills', drillListSchema);
        return listed?.some(({ outcome, outageMs }) => outcome === 'done' && outageMs !== null) ? listed : null;
      });
      expect(drills).toMatchObject([{ outcome: 'done', incident: incident?.id, verdicts: { met: 1, breached: 0 } }]);
      expect(drills[0]?.outageMs).toBe(incident?.phases.outage);
      expect((await readIncidents(rig, member)).filter(({ kind }) => kind === 'drill')).toHaveLength(1);
    }
  });

  test('a drill is refused while the cluster is not redundant', async () => {
    const { leader, standby } = await redundantPair(rig);
    await rig.killNode(standby);
    try {
      await rig.waitFor(
        `${leader} exposed`,
        limitMs,
        async () => (await rig.status(leader)) !== null && !(await rig.steady()),
      );
      const refused = await tryBaton(rig, leader, ['drill', 'run', '--yes', '--candidate', standby]);
      expect(refused.ended).toBe(3);
    } finally {
      rig.restartNode(standby);
    }
    await redundantPair(rig);
  });
});

describe('a drill on a schedule', () => {
  let rig: Rig | null = null;
  afterEach(async () => {
    await rig?.stopAll();
  });

  test('is announced, carried out once in its window, excluded by who agreed to that, and listed by both', async () => {
    const due = new Date(Math.ceil(Date.now() / second) * second + startsWithinMs);
    const schedule = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
    rig = await aCluster({
      contracts: { sites, contracts: [contract] },
      shared: { drill: { schedule, zone: 'UTC', window: '1m', announce: '0s' } },
    });
    const cluster = rig;
    const { leader, standby } = await redundantPair(rig);
    const announced = await rig.waitFor('the announcement', limitMs, async () => {
      const listed = await read(cluster, standby, '/v1/maintenance', maintenanceListSchema);
      return listed?.find(({ from, to }) => from < due.getTime() && due.getTime() < to) ?? null;
    });
    expect(announced).toMatchObject({ id: expect.stringMatching(/^drill-/), rulings: [{ excluded: true }] });

    for (const member of [leader, standby]) {
      const drills = await rig.waitFor(`the drill at ${member}`, startsWithinMs + limitMs, async () => {
        const listed = await read(cluster, member, '/v1/drills', drillListSchema);
        return listed?.some(({ outcome }) => outcome !== 'under-way') ? listed : null;
      });
      expect(drills).toMatchObject([
        { due: due.toISOString(), askedBy: null, outcome: 'done', count: 1, verdicts: { excluded: 1, breached: 0 } },
      ]);
    }
    expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
  });
});

describe('reports every few seconds', () => {
  let rig: Rig | null = null;
  afterEach(async () => {
    await rig?.stopAll();
  });

  test('are made once for each due instant, whoever leads; and what was missed while nobody led is made good and said', async () => {
    await using receiver = await HttpReceiver.start();
    await using relay = await SmtpRelay.start();
    rig = await aCluster({
      contracts: { sites, contracts: [{ ...contract, channels: ['hook', 'mail'] }] },
      shared: {
        reports: { schedule: '*/3 * * * * *', zone: 'Europe/London' },
        channels: [
          { id: 'hook', kind: 'webhook', url: receiver.url },
          { id: 'mail', kind: 'email', from: 'Baton <baton@example.org>', to: ['desk@trust.example'] },
        ],
      },
      notify: { smtp: { host: '127.0.0.1', port: relay.port, tls: 'none' } },
    });
    const cluster = rig;
    const runsAt = async (member: string) => (await read(cluster, member, '/v1/runs', runListSchema)) ?? [];
    const ended = (runs: readonly Run[], by: string) =>
      runs.filter(({ claim, end }) => claim.by === by && end?.outcome === 'done');
    const { leader, standby } = await redundantPair(rig);
    await rig.waitFor(`runs by ${leader}`, limitMs, async () => ended(await runsAt(standby), leader).length >= 3);

    await rig.killNode(leader);
    await rig.waitFor(`runs by ${standby}`, limitMs, async () => ended(await runsAt(standby), standby).length >= 3);
    await rig.killNode(standby);
    const wokenAt = Date.now() + 3 * periodMs;
    await rig.waitFor('instants at which nobody is there', limitMs, () => Date.now() > wokenAt);
    rig.restartNode(standby);
    rig.restartNode(leader);
    await redundantPair(rig);
    const back = Date.now();
    const runs = await rig.waitFor('runs after that', limitMs, async () => {
      const all = await runsAt(standby);
      return all.some(({ claim, end }) => claim.due > back && end !== null) ? all : null;
    });

    // Every due instant is in exactly one run: each begins where the one before ended.
    const claims = runs.map(({ claim }) => claim);
    const shown = JSON.stringify(claims, null, 1);
    for (const [index, { due, from, count }] of claims.entries()) {
      expect(from, shown).toBe(due - (count - 1) * periodMs);
      const before = claims[index - 1];
      if (before !== undefined) expect(from, shown).toBe(before.due + periodMs);
    }
    const late = claims.filter(({ count }) => count > 2);
    expect(late.length, shown).toBeGreaterThanOrEqual(1);
    expect(late[0]?.says, shown).toMatch(/^makes good \d+ missed since/);

    const month = new Date(new Date().setUTCDate(0)).toISOString().slice(0, 7);
    const reports = await read(
      cluster,
      standby,
      `/v1/reports?month=${month}`,
      z.object({ reports: z.array(contractReportSchema) }),
    );
    expect(reports?.reports).toMatchObject([{ contract: 'records', provisional: false }]);

    // However often it ran, and whoever led: one report, told once to each.
    const told = [...receiver.taken.values()].map(({ body }) => (JSON.parse(body) as CloudEvent).data as Notice);
    const aboutIt = told.filter(({ occasion }) => occasion === 'report');
    expect(aboutIt).toMatchObject([{ report: { month }, contract: null }]);
    const mails = relay.mails.filter(({ text }) => text.includes('Subject: Service report'));
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain(`filename=domain-1-records-${month}.html`);
    expect(mails[0]?.text).toContain('# Service report');
  });
});
