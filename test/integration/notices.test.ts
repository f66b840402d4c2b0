/** People are told by a real cluster: by whoever leads, each of them once, in the right order, through every kind of channel. */
import { createHmac } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton } from '../../scripts/rig/run-baton.ts';
import type { ListedNotice } from '../../src/core/sla/notices/listed-notice.ts';
import type { CloudEvent } from '../../src/core/sla/notices/envelopes.ts';
import type { NoticeBody, NoticeFacts, NoticeHead } from '../../src/core/sla/notices/notice.ts';
import { minute, second } from '../../src/core/units.ts';
import { knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { aCluster } from '../support/cluster.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { redundantPair } from '../support/redundant-pair.ts';
import { SmtpRelay } from '../support/smtp-relay.ts';

const limitMs = 60 * second;
const siteCount = 40;
const secret = 'between-us';
const sites = Array.from({ length: siteCount }, (_, n) => ({ id: `site-${n}`, name: `Site ${n}`, channels: ['hook'] }));

type Told = Omit<NoticeHead, 'key'> & NoticeFacts & Pick<NoticeBody, 'text'>;
const toldBy = (receiver: HttpReceiver): readonly Told[] =>
  [...receiver.taken.values()].map(({ body }) => (JSON.parse(body) as CloudEvent).data as Told);

const outboxOf = async (rig: Rig, member: string): Promise<readonly ListedNotice[]> =>
  ((await rig.member(member).get('/v1/notices'))?.body as { notices: readonly ListedNotice[] } | undefined)?.notices ??
  [];

test('the leader is killed in the middle of sending: every site hears of every outage exactly once', async () => {
  // Slow enough that there is a middle.
  await using receiver = await HttpReceiver.start((_request, nth) => ({
    status: nth % 7 === 0 ? 503 : 204,
    afterMs: 400,
  }));
  await using rig = await aCluster({
    shared: { channels: [{ id: 'hook', kind: 'webhook', url: receiver.url, secret: 'hook-key' }] },
    contracts: { sites, contracts: [] },
    notify: { secrets: { 'hook-key': secret } },
  });
  const { leader: first, standby: second } = await redundantPair(rig);
  const before = await knownIncidents(rig, second);
  await rig.killPostmaster(first);
  const [incident] = await newIncidents(rig, second, before);
  await rig.waitFor('redundancy, while it is being sent', limitMs, async () => {
    const now = await rig.outlook();
    return now?.leader === second && now.redundant && receiver.taken.size >= 4;
  });
  const sentBefore = receiver.taken.size;
  expect(sentBefore).toBeLessThan(siteCount);

  const known = await knownIncidents(rig, first);
  await rig.killNode(second);
  await rig.waitFor(`${first} leads`, limitMs, async () => (await rig.outlook())?.leader === first);
  rig.restartNode(second);
  const next = await newIncidents(rig, first, known);
  expect(next).toHaveLength(1);
  const incidents = [incident?.id, next[0]?.id];
  await rig.waitFor('everybody was told of both', 2 * minute, () => receiver.taken.size >= 2 * siteCount);

  // Whatever was sent twice had the same key, which the receiver honours: nothing is doubled, nothing is missing.
  const told = toldBy(receiver);
  const wanted = incidents.flatMap((id) => sites.map((site) => `${id} ${site.id} over`));
  expect(told.map((each) => `${each.incident} ${each.audience.id} ${each.occasion}`).toSorted()).toEqual(
    wanted.toSorted(),
  );
  expect(new Set(told.map(({ loss }) => loss.says))).toEqual(new Set(['Nothing that a user saw saved was lost.']));
  for (const { headers, body } of receiver.requests) {
    const signed = `${headers['x-baton-timestamp']}.${body}`;
    expect(headers['x-baton-signature']).toBe(`sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`);
  }
  const outbox = await rig.waitFor('the outbox says so', limitMs, async () => {
    const listed = await outboxOf(rig, first);
    return listed.every(({ state }) => state === 'sent') && listed;
  });
  expect(outbox).toHaveLength(2 * siteCount);
  expect(new Set(outbox.map(({ by }) => by))).toEqual(new Set([first, second]));
}, 240_000);

test('an outage that lasts is told from its beginning to its end, through webhook, mail and command', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'baton-notices-'));
  chmodSync(directory, 0o777);
  const pages = join(directory, 'pages');
  try {
    // One receiver hangs for ever: it delays nobody else.
    await using hanging = await HttpReceiver.start(() => 'hang');
    await using receiver = await HttpReceiver.start();
    await using relay = await SmtpRelay.start();
    await using rig = await aCluster({
      mode: 'strict',
      shared: {
        notify: { after: '3s' },
        channels: [
          { id: 'hanging', kind: 'webhook', url: hanging.url },
          { id: 'hook', kind: 'webhook', url: receiver.url },
          { id: 'mail', kind: 'email', from: 'Baton <baton@example.org>', to: ['on-call@trust.example'] },
          { id: 'page', kind: 'command', run: 'page' },
        ],
      },
      contracts: {
        sites: [
          { id: 'slow', name: 'Slow', channels: ['hanging'] },
          { id: 'wexham', name: 'Wexham Park', zone: 'Europe/London', channels: ['hook', 'page'] },
        ],
        contracts: [
          { id: 'c-1', customer: 'The Trust', sites: ['wexham'], zone: 'Europe/London', rto: '1s', channels: ['mail'] },
        ],
      },
      notify: {
        smtp: { host: '127.0.0.1', port: relay.port, tls: 'none' },
        commands: { page: ['/bin/sh', '-c', `cat >> ${pages}`] },
      },
    });
    const { leader, standby } = await redundantPair(rig);
    const tried = (await runBaton(rig, leader, ['notices', 'test', 'page'])) as { readonly kind: string };
    expect(tried.kind).toBe('delivered');

    await rig.killNode(standby); // In strict commits wait for it: the service is down, and the leader is there to say so.
    const beginnings = (): number => toldBy(receiver).filter(({ occasion }) => occasion === 'started').length;
    await rig.waitFor('the beginning is told', limitMs, () => beginnings() === 1 && relay.mails.length >= 2);
    expect(toldBy(receiver)).toMatchObject([{ over: false, downUntil: null, audience: { id: 'wexham' } }]);
    expect(toldBy(receiver)[0]?.text).toMatch(/Europe\/London \(\d\d:\d\d:\d\d UTC\)/);

    rig.restartNode(standby);
    await rig.waitFor('the end is told', limitMs, () => toldBy(receiver).some(({ occasion }) => occasion === 'over'));
    await rig.waitFor('by mail too', limitMs, () =>
      relay.mails.some(({ text }) => /^Subject: domain-1 is back/m.test(text)),
    );
    await rig.waitFor('all but the hanging one is sent', limitMs, async () => {
      const listed = await outboxOf(rig, leader);
      return listed.every(({ channel, state }) => state === (channel === 'hanging' ? 'pending' : 'sent'));
    });
    await rig.waitFor('the hanging one was left', limitMs, async () =>
      (await outboxOf(rig, leader)).some(({ channel, lastProblem }) => channel === 'hanging' && lastProblem !== null),
    );
    const listed = (await runBaton(rig, leader, ['notices'])) as { readonly notices: readonly ListedNotice[] };
    expect(listed.notices.filter(({ channel }) => channel === 'hanging')).toMatchObject([
      { occasion: 'started', state: 'pending', lastProblem: expect.stringContaining('no answer within 10 s') },
      { occasion: 'over' },
      { occasion: 'restored' },
    ]);
    const subjects = relay.mails.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]);
    expect(subjects.slice(0, 3)).toEqual([
      'domain-1 is down for The Trust',
      'Contract breached by domain-1: The Trust',
      expect.stringMatching(/^domain-1 is back for The Trust after \d/),
    ]);
    const paged = existsSync(pages) ? readFileSync(pages, 'utf8').trim().split('\n') : [];
    const occasions = paged.map((line) => ((JSON.parse(line) as CloudEvent).data as Told).occasion);
    expect(occasions.slice(0, 3)).toEqual(['test', 'started', 'over']);
    expect(occasions).toHaveLength(new Set(occasions).size);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 240_000);
