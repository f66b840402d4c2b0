/** What people read: golden texts, and what every message must say. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Incident, Loss } from '../../../../src/core/sla/incident.ts';
import { alertsOf, cloudEvent } from '../../../../src/core/sla/notices/envelopes.ts';
import type { Notice } from '../../../../src/core/sla/notices/notice.ts';
import { FIELDS, filled, unknownFields } from '../../../../src/core/sla/notices/template.ts';
import { plainLossSentence } from '../../../../src/core/sla/loss-sentence.ts';
import { testNotice } from '../../../../src/core/sla/notices/wording.ts';
import { zonedTime } from '../../../../src/core/sla/notices/zoned-time.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { EPOCH } from '../facts.ts';
import { aPolicy, aStory, hook, Teller, withLoss } from './stories.ts';

const story = aStory(44 * minute + 3_120, 50 * minute);
const planned: Notice[] = [];
const teller = new Teller(aPolicy());
for (const [incident, ms] of [
  [story.goingOn, 31 * second],
  [story.goingOn, 16 * minute],
  [story.goingOn, 20 * minute + 1],
  [withLoss(story.over), 44 * minute + 4 * second],
  [withLoss(story.closed), 51 * minute],
] as const)
  planned.push(...teller.look([incident], ms));

const wanted = planned.filter(({ audience }) => ['wexham', 'heatherwood-wexham'].includes(audience.id));
const asMail = ({ subject, text }: Notice): string => `Subject: ${subject}\n\n${text}\n`;

describe('a message', () => {
  test.each(wanted.map((notice): [string, Notice] => [`${notice.audience.kind}-${notice.occasion}`, notice]))(
    'looks like %s.txt',
    async (name, notice) => {
      await expect(asMail(notice)).toMatchFileSnapshot(`golden/${name}.txt`);
    },
  );

  test('as a CloudEvent it is complete', async () => {
    const over = wanted.find(({ occasion }) => occasion === 'over');
    await expect(`${JSON.stringify(over && cloudEvent(over), null, 2)}\n`).toMatchFileSnapshot(
      'golden/over.cloudevent.json',
    );
  });

  test.each(planned.map((notice): [string, Notice] => [notice.key, notice]))(
    '%s says once whether anything was lost',
    (_key, notice) => {
      expect(notice.text.split(notice.facts.loss.says)).toHaveLength(2);
      expect(notice.facts.loss.says).toMatch(/^[^.]*(\.\d[^.]*)?\.$/);
      expect(notice.text).not.toMatch(/\{[a-z]+\}|undefined|null/);
      expect(notice.subject).not.toContain('\n');
    },
  );

  test('a short outage without loss is one calm message', async () => {
    const short = aStory(12_500, 20_000);
    const failover: Incident = { ...short.over, loss: { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: 'x' } };
    const [notice] = new Teller(aPolicy()).look([failover], 13 * second);
    await expect(asMail(notice as Notice)).toMatchFileSnapshot('golden/short-over.txt');
  });

  test.each([
    ['drill', /It was a drill: another server took over as planned/],
    ['switchover', /Nothing had failed: another server took over because somebody asked for it/],
    ['failover', /^(?!.*(drill|Nothing had failed)).*$/s],
  ] as const)('a %s does not read like another kind of outage', (kind, says) => {
    const [notice] = new Teller(aPolicy()).look([{ ...aStory(700, 2_000).over, kind }], 1 * second);
    expect(notice?.text).toMatch(says);
  });

  test('a channel words it as it likes', () => {
    const channel = {
      ...hook,
      templates: { over: { subject: '{audience}: {lasted}', text: '{loss} ({until})\n{contract}' } },
    };
    const [notice] = new Teller(aPolicy({ channels: [channel] })).look([story.over], 45 * minute);
    expect(notice).toMatchObject({
      subject: 'Royal Berkshire: 44 min 3 s',
      text: 'Whether anything that a user saw saved was lost is not known (an operator promoted this member without proof that it had every commit). (24 April 2008, 09:59:03 Europe/London (08:59:03 UTC))',
    });
  });

  test('a test says that it is one', () => {
    const notice = testNotice('domain-1', hook, 'a', EPOCH);
    expect(asMail(notice)).toContain('This is a test: nothing is down');
    expect(notice.key).toBe('test/a/2008-04-24T08:15:00.000Z/hook');
  });
});

const loss = (changes: Partial<Loss>): Loss => ({
  bytesMax: null,
  timeMsMax: null,
  provedNone: false,
  basis: 'a basis',
  ...changes,
});
test.each<[string, Loss, boolean, string]>([
  ['proved', loss({ provedNone: true }), false, 'Nothing that a user saw saved was lost.'],
  [
    'a bound of nothing',
    loss({ bytesMax: 0 }),
    true,
    "Nothing that a user saw saved is held to be lost; that is somebody's word and not proved.",
  ],
  ['not over', loss({}), false, 'Whether anything that a user saw saved is lost is not known yet.'],
  ['over', loss({}), true, 'Whether anything that a user saw saved was lost is not known (a basis).'],
  [
    'a bound',
    loss({ bytesMax: 1_024 }),
    true,
    'Changes that users saw saved may be lost: those of an unknown time before the failure, at most 1,024 bytes of the write-ahead log.',
  ],
  [
    'a bound in time',
    loss({ bytesMax: 1, timeMsMax: 4_200 }),
    true,
    'Changes that users saw saved may be lost: those of the last 4.2 s before the failure, at most 1 byte of the write-ahead log.',
  ],
])('loss, %s', (_says, given, over, sentence) => {
  expect(plainLossSentence(given, over, null)).toBe(sentence);
});

test.each([
  ['Europe/London', EPOCH, '24 April 2008, 09:15:00 Europe/London (08:15:00 UTC)'],
  ['UTC', EPOCH, '24 April 2008, 08:15:00 UTC'],
  [
    'Pacific/Auckland',
    Date.parse('2008-04-24T20:15:00Z'),
    '25 April 2008, 08:15:00 Pacific/Auckland (24 April 2008, 20:15:00 UTC)',
  ],
  ['Asia/Kolkata', Date.parse('2026-01-01T00:00:00Z'), '1 January 2026, 05:30:00 Asia/Kolkata (00:00:00 UTC)'],
])('an instant in %s has UTC beside it', (zone, at, text) => {
  expect(zonedTime(at, zone)).toBe(text);
});

test('nothing in a template can be anything but a known field or text as it stands', () => {
  const fields = Object.fromEntries(FIELDS.map((field) => [field, `<${field}>`])) as Record<
    (typeof FIELDS)[number],
    string
  >;
  expect(unknownFields('{cluster} {sitee} {}')).toEqual(['sitee']);
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/\{[A-Za-z]+\}/.test(text));
      expect(filled(`{loss}${text}`, fields)).toBe(
        `<loss>${text
          .split('\n')
          .map((line) => line.trimEnd())
          .join('\n')}`.trim(),
      );
    }),
  );
});

describe('alerts', () => {
  const of = (occasion: string) => {
    const notice = planned.find((each) => each.occasion === occasion && each.audience.id === 'heatherwood-wexham');
    return alertsOf(notice as Notice, { team: 'dba' }, EPOCH + 60 * minute);
  };
  test('what is over resolves what was firing: the labels are the same', () => {
    const [firing] = of('started');
    const [resolved, breach, exposed] = of('over');
    expect(resolved?.labels).toEqual(firing?.labels);
    expect(firing?.labels).toEqual({
      alertname: 'BatonOutage',
      severity: 'critical',
      cluster: 'domain-1',
      incident: story.over.id,
      contract: 'heatherwood-wexham',
      team: 'dba',
    });
    expect([firing?.startsAt, firing?.endsAt]).toEqual(['2008-04-24T08:15:00.000Z', '2008-04-25T09:15:00.000Z']);
    expect(resolved?.endsAt).toBe('2008-04-24T08:59:03.120Z');
    expect(exposed?.labels['alertname']).toBe('BatonNotRedundant');
    expect(of('restored')[0]?.labels).toEqual(exposed?.labels);
    expect(breach?.labels).toEqual(of('breached')[0]?.labels);
    expect(breach?.labels['alertname']).toBe('BatonContractBreached');
    expect(breach?.endsAt).toBe('2008-04-24T09:15:00.000Z'); // now: nobody is paged for a day after it is over
  });
  test('a breach that shows only at the end fires for a moment, and is not resolved before anybody hears of it', () => {
    const atTheEnd = new Teller(aPolicy()).look([story.over], 45 * minute);
    const alerts = atTheEnd
      .filter(({ audience }) => audience.id === 'heatherwood-wexham')
      .map((notice) => [
        notice.occasion,
        ...alertsOf(notice, {}, EPOCH + 45 * minute).map(({ labels, endsAt }) => [labels['alertname'], endsAt]),
      ]);
    expect(alerts).toEqual([
      ['breached', ['BatonContractBreached', '2008-04-24T09:05:00.000Z']],
      ['over', ['BatonOutageOver', '2008-04-24T09:05:00.000Z']],
    ]);
  });
  test('a short outage fires for a moment, because what never fired is told to nobody', () => {
    const [notice] = new Teller(aPolicy()).look([aStory(12_500, 20_000).over], 13 * second);
    const [alert, ...more] = alertsOf(notice as Notice, {}, EPOCH + 13 * second);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ labels: { alertname: 'BatonOutageOver' }, endsAt: '2008-04-24T08:20:13.000Z' });
  });
});
