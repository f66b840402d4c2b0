/** An observer beside two real members: it measures while one is alone, and tells people and keeps the record when both are gone. */
import { expect, test } from 'vitest';
import { readIncidents, readStatus } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton, tryBaton } from '../../scripts/rig/run-baton.ts';
import type { OutageRow } from '../../src/core/sla/accounting/outage-row.ts';
import type { SlaReport } from '../../src/core/sla/accounting/report.ts';
import type { CloudEvent } from '../../src/core/sla/notices/envelopes.ts';
import type { NoticeFacts, NoticeHead } from '../../src/core/sla/notices/notice.ts';
import { minute, second } from '../../src/core/units.ts';
import { parseServiceSheet } from '../../src/wire/service-sheet.ts';
import { aCluster } from '../support/cluster.ts';
import { readJsonKey, readKey } from '../support/etcd-keys.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { knownIncidents } from '../support/incident-expectations.ts';
import { sqlOn } from '../support/member-sql.ts';
import { redundantPair } from '../support/redundant-pair.ts';

const limitMs = 60 * second;
const observer = 'o';

type Told = Omit<NoticeHead, 'key'> & NoticeFacts;
const toldBy = (receiver: HttpReceiver): readonly Told[] =>
  [...receiver.taken.values()].map(({ body }) => (JSON.parse(body) as CloudEvent).data as Told);

/** Rows that are complete: the state has changed since. */
async function rowsOf(rig: Rig): Promise<readonly OutageRow[]> {
  const day = new Date().toISOString().slice(0, 10);
  const sheet = await readKey(rig, `service/${day}/${observer}`);
  return (sheet === null ? null : parseServiceSheet(sheet.value))?.rows ?? [];
}

/** By its own account, with what goes on now. */
async function degradedMs(rig: Rig): Promise<number> {
  const answer = await rig.member(observer).get('/v1/sla');
  return (answer?.body as SlaReport | undefined)?.contracts[0]?.degradedMs ?? 0;
}

const codesOf = async (rig: Rig, paths: readonly string[]): Promise<readonly (number | undefined)[]> =>
  Promise.all(paths.map(async (path) => (await rig.member(observer).get(path))?.code));

test('both hosts die, one after the other: the observer measures, records the outage and tells the site of it, once', async () => {
  await using receiver = await HttpReceiver.start();
  await using rig = await aCluster({
    observers: [observer],
    shared: {
      notify: { after: '1s' },
      channels: [{ id: 'hook', kind: 'webhook', url: receiver.url }],
    },
    contracts: {
      sites: [{ id: 'wexham', name: 'Wexham Park', channels: ['hook'] }],
      contracts: [{ id: 'c-1', customer: 'The Trust', sites: ['wexham'], zone: 'Europe/London', rto: '1s' }],
    },
  });
  const { leader, standby } = await redundantPair(rig);
  // A role like any client's: what clients cannot do, the probe cannot do.
  const [{ password } = { password: '' }] = rig.clientEndpoints();
  await sqlOn(rig, leader, `CREATE ROLE baton_probe LOGIN PASSWORD '${password}'`);
  await rig.waitFor('the observer has begun to measure', limitMs, async () => {
    const answer = await rig.member(observer).get('/v1/sla');
    return ((answer?.body as SlaReport | undefined)?.contracts[0]?.upMs ?? 0) > second;
  });
  const status = await rig.waitFor('the leader shows the observer', limitMs, async () => {
    const now = await readStatus(rig, leader);
    return now?.members.some(({ name }) => name === observer) === true && now;
  });
  expect(status.members.find(({ name }) => name === observer)).toMatchObject({
    ...{ role: 'observer', state: 'running', location: `host-${observer}`, timeline: null, synchronous: false },
  });
  expect(status).toMatchObject({ redundant: true, synchronous: { standbys: [standby] } });
  const shown = (await runBaton(rig, observer, ['status'])) as { readonly source: string; readonly leader: string };
  expect(shown).toMatchObject({ source: 'daemon', leader, redundant: true });
  expect(await codesOf(rig, ['/primary', '/replica', '/read-only', '/leader', '/health'])).toEqual([
    503, 503, 503, 503, 503,
  ]);
  expect(await codesOf(rig, ['/liveness', '/readiness', '/v1/status', '/v1/incidents'])).toEqual([200, 200, 200, 200]);
  const refused = await tryBaton(rig, leader, ['failover', '--candidate', observer, '--allow-data-loss', '--yes']);
  expect(refused).toMatchObject({ ended: 3 });

  const before = await knownIncidents(rig, observer);
  await rig.killNode(standby);
  await rig.waitFor('the leader is alone', limitMs, async () => (await readStatus(rig, leader))?.redundant === false);
  const up = await rig.waitFor('the observer has written down that the cluster was whole', limitMs, async () => {
    const rows = await rowsOf(rig);
    return rows.find(({ state }) => state === 'up') ?? null;
  });
  expect(up.by).toBe('observer');
  expect(await knownIncidents(rig, observer)).toEqual(before);
  const alreadyMs = await degradedMs(rig);
  await rig.waitFor('it measures on', limitMs, async () => (await degradedMs(rig)) > alreadyMs + second);

  await rig.killNode(leader);
  const open = await rig.waitFor('the observer records the outage', limitMs, async () => {
    const incidents = await readIncidents(rig, observer);
    return incidents.find(({ id }) => !before.has(id)) ?? null;
  });
  expect(open).toMatchObject({
    ...{ state: 'open', recordedBy: observer, measuredBy: 'observer', kind: 'outage-without-failover' },
    oldLeader: { member: leader },
  });
  await rig.waitFor('the beginning is told', limitMs, () => receiver.taken.size > 0);
  expect(toldBy(receiver)).toMatchObject([
    { occasion: 'started', incident: open.id, audience: { kind: 'site', id: 'wexham' }, downUntil: null },
  ]);
  expect((await readKey(rig, 'recording'))?.value).toBe(observer);
  // While one node was alone the service was measured, and is not anybody's guess.
  await rig.waitFor('that is written down', limitMs, async () => {
    const rows = await rowsOf(rig);
    return (
      rows.at(-1)?.state === 'degraded' && rows.at(-2)?.from === up.from && rows.every(({ by }) => by === 'observer')
    );
  });
  const alone = await readStatus(rig, observer);
  expect(alone).toMatchObject({ leader: null, redundant: false, incident: { id: open.id } });
  const { members = [] } = alone ?? {};
  expect(members.filter(({ name }) => name !== observer).every(({ state }) => state === 'gone')).toBe(true);

  rig.restartNode(standby);
  rig.restartNode(leader);
  await rig.waitFor('the end is told', 2 * minute, () => toldBy(receiver).some(({ occasion }) => occasion === 'over'));
  await redundantPair(rig);
  const [closed, ...others] = await rig.waitFor('the record is closed', limitMs, async () => {
    const fresh = (await readIncidents(rig, leader)).filter(({ id }) => !before.has(id));
    return fresh.every(({ state }) => state === 'closed') && fresh;
  });
  expect(others.map(({ id, kind, trigger }) => `${id}: ${kind}, ${trigger}`)).toEqual([]);
  expect(closed).toMatchObject({
    id: open.id,
    recordedBy: observer,
    measuredBy: 'observer',
    newLeader: { member: leader },
  });
  const { t0, t7, t8 } = closed?.instants ?? {};
  expect([t0, t7, t8].map((instant) => instant?.measured)).toEqual([true, true, true]);
  expect(closed?.phases.outage).toBe((t7?.monoMs ?? Number.NaN) - (t0?.monoMs ?? 0));
  expect(closed?.verdicts).toMatchObject([{ contract: 'c-1', outcome: { kind: 'breached' } }]);
  await rig.waitFor(
    'the right to record is given back',
    limitMs,
    async () => (await readKey(rig, 'recording')) === null,
  );
  // Each message once: the key was honoured, and was not needed.
  await rig.waitFor('everything is told', limitMs, () =>
    toldBy(receiver).some(({ occasion }) => occasion === 'restored'),
  );
  expect(toldBy(receiver).map(({ occasion }) => occasion)).toEqual(['started', 'over', 'restored']);
  expect(receiver.requests).toHaveLength(3);
  const down = (await rowsOf(rig)).filter(({ state }) => state === 'down');
  expect(down).toMatchObject([{ by: 'observer' }]);
  expect(Math.abs((down[0]?.to ?? 0) - (down[0]?.from ?? 0) - (closed?.phases.outage ?? 0))).toBeLessThan(second);
  expect(await readJsonKey(rig, 'sync')).toMatchObject({ leader, sync_standby: standby });
}, 300_000);
