/** Alerts to a real Alertmanager: one alert for one outage, resolved with it, and what it tells people of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import type { Channel } from '../../src/core/sla/notices/channel.ts';
import type { Notice } from '../../src/core/sla/notices/notice.ts';
import { testNotice } from '../../src/core/sla/notices/wording.ts';
import { second } from '../../src/core/units.ts';
import { createNotifier } from '../../src/adapters/notify/create-notifier.ts';
import { aPolicy, aStory, Teller } from '../core/sla/notices/stories.ts';
import { EPOCH } from '../core/sla/facts.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { hasAlertmanager, RealAlertmanager } from '../support/real-alertmanager.ts';
import { realClock } from '../support/real-clock.ts';

const limitMs = 20 * second;
if (!hasAlertmanager())
  process.stderr.write('NOT TESTED: Alertmanager is not installed; `node scripts/setup.mjs` installs it.\n');

interface Told {
  readonly status: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

describe.skipIf(!hasAlertmanager())('Alertmanager', () => {
  let people: HttpReceiver;
  let alertmanager: RealAlertmanager;
  let channel: Channel;
  const notifier = createNotifier({ clock: realClock, secrets: new Map(), commands: {}, smtp: null });
  const deliver = async (notice: Notice) =>
    expect(await notifier.deliver(channel, notice, AbortSignal.timeout(10_000))).toEqual(ok({ remark: null }));
  const told = () => people.requests.flatMap(({ body }) => (JSON.parse(body) as Told).alerts);
  const toldOf = (name: string) => told().filter(({ labels }) => labels['alertname'] === name);

  beforeAll(async () => {
    people = await HttpReceiver.start(() => ({ status: 200 }));
    alertmanager = await RealAlertmanager.start(people.url);
    channel = {
      id: 'am',
      kind: 'alertmanager',
      url: alertmanager.url,
      token: null,
      labels: { team: 'dba' },
      templates: {},
    };
  });
  afterAll(async () => {
    await alertmanager?.[Symbol.asyncDispose]();
    await people?.[Symbol.asyncDispose]();
  });

  /** The story of 2008, as if it had begun `agoMs` before now: Alertmanager goes by its own clock. */
  function stories(agoMs: number, outageMs: number, toContract = false) {
    const story = aStory(outageMs, outageMs + 10 * second);
    const shiftMs = realClock.wall() - agoMs - EPOCH;
    const moved = <T>(value: T): T =>
      JSON.parse(
        JSON.stringify(value).replaceAll(/2008-04-24T[0-9:.]+Z/g, (text) =>
          new Date(Date.parse(text) + shiftMs).toISOString(),
        ),
      ) as T;
    const policy = aPolicy({
      channels: [channel],
      sites: aPolicy()
        .sites.slice(0, 1)
        .map((each) => ({ ...each, channels: toContract ? [] : ['am'] })),
      // So strict that it is breached before anybody hears of the outage.
      contracts: aPolicy()
        .contracts.slice(0, toContract ? 1 : 0)
        .map((each) => ({ ...each, contract: { ...each.contract, rtoMs: 10 * second }, channels: ['am'] })),
    });
    return { story: moved(story), teller: new Teller(policy), nowMs: shiftMs + agoMs };
  }

  test('an outage is one alert however often it is told, and is resolved when it is over', async () => {
    const { story, teller, nowMs } = stories(60 * second, 50 * second);
    const [started] = teller.look([story.goingOn], nowMs);
    await deliver(started as Notice);
    await deliver(started as Notice);
    const firing = (await alertmanager.alerts()).filter(({ labels }) => labels['alertname'] === 'BatonOutage');
    expect(firing).toMatchObject([
      {
        labels: { cluster: 'domain-1', site: 'berkshire', team: 'dba', incident: story.over.id },
        status: { state: 'active' },
      },
    ]);
    await expect
      .poll(() => toldOf('BatonOutage').map(({ status }) => status), { timeout: limitMs })
      .toEqual(['firing']);
    expect(toldOf('BatonOutage')[0]?.annotations['description']).toContain(
      'Whether anything that a user saw saved is lost is not known yet',
    );

    const [over] = teller.look([story.over], nowMs);
    await deliver(over as Notice);
    await expect
      .poll(() => toldOf('BatonOutage').map(({ status }) => status), { timeout: limitMs })
      .toEqual(['firing', 'resolved']);
    await expect
      .poll(() => toldOf('BatonNotRedundant').map(({ status }) => status), { timeout: limitMs })
      .toEqual(['firing']);
    expect((await alertmanager.alerts()).map(({ labels }) => labels['alertname'])).toEqual(['BatonNotRedundant']);

    const [restored] = teller.look([story.closed], nowMs);
    await deliver(restored as Notice);
    await expect
      .poll(() => toldOf('BatonNotRedundant').map(({ status }) => status), { timeout: limitMs })
      .toEqual(['firing', 'resolved']);
    expect(await alertmanager.alerts()).toEqual([]);
  });

  test('a breach that was told is resolved with the outage: nobody is paged for it for another day', async () => {
    const { story, teller, nowMs } = stories(60 * second, 50 * second, true);
    const untilOver = teller.look([story.goingOn], nowMs);
    expect(untilOver.map(({ occasion }) => occasion)).toEqual(['started', 'breached']);
    for (const notice of untilOver) await deliver(notice);
    const statuses = () => toldOf('BatonContractBreached').map(({ status }) => status);
    await expect.poll(statuses, { timeout: limitMs }).toEqual(['firing']);
    const [over] = teller.look([story.over], nowMs).filter(({ occasion }) => occasion === 'over');
    await deliver(over as Notice);
    await expect.poll(statuses, { timeout: limitMs }).toEqual(['firing', 'resolved']);
  });

  test('a short outage that is over already is told to people all the same', async () => {
    const { story, teller, nowMs } = stories(20 * second, 12 * second);
    const notices = teller.look([story.over], nowMs);
    expect(notices).toHaveLength(1);
    await deliver(notices[0] as Notice);
    await expect
      .poll(() => toldOf('BatonOutageOver').map(({ status }) => status), { timeout: limitMs })
      .toEqual(['firing']);
  });

  test('a test is an alert of its own', async () => {
    await deliver(testNotice('domain-1', channel, 'a', realClock.wall()));
    await expect
      .poll(() => toldOf('BatonTest').map(({ labels }) => labels['severity']), { timeout: limitMs })
      .toEqual(['info']);
  });

  test('an address that is none of Alertmanager’s is a lasting problem', async () => {
    const wrong: Channel = { ...channel, url: `${alertmanager.url}/elsewhere` } as Channel;
    const result = await notifier.deliver(
      wrong,
      testNotice('domain-1', wrong, 'a', realClock.wall()),
      AbortSignal.timeout(10_000),
    );
    expect(result).toMatchObject({
      ok: false,
      error: { kind: 'lasting', problem: expect.stringContaining('answered 404') },
    });
  });
});
