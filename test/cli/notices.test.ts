/** `baton notices`: what is not delivered is seen, and a channel can be tried. */
import { describe, expect, test } from 'vitest';
import { listedNotices } from '../../src/core/sla/notices/listed-notice.ts';
import {
  delivered,
  failed,
  givenUp,
  newEntry,
  type OutboxEntry,
  outboxKey,
} from '../../src/core/sla/notices/outbox.ts';
import { ok } from '../../src/core/result.ts';
import { minute, second } from '../../src/core/units.ts';
import type { Snapshot } from '../../src/ports/coordinator.ts';
import { formatEntry } from '../../src/wire/outbox.ts';
import { aPolicy, aStory, Teller, wallAt } from '../core/sla/notices/stories.ts';
import { baton } from './run-baton.ts';

const story = aStory(44 * minute, 50 * minute);
const teller = new Teller(aPolicy({ sites: aPolicy().sites.slice(0, 3), contracts: [] }));
const [one, two, three] = [...teller.look([story.goingOn], 31 * second)].map(newEntry) as [
  OutboxEntry,
  OutboxEntry,
  OutboxEntry,
];
const [later] = [...teller.look([story.over], 45 * minute)].map(newEntry) as [OutboxEntry];
const outbox: readonly OutboxEntry[] = [
  delivered(one, 'slough-a', wallAt(32 * second)),
  failed(two, { kind: 'passing', problem: 'hooks.example.org answered 503: "later"' }, 'slough-a', wallAt(33 * second)),
  givenUp(
    { ...three, attempts: 300 },
    'hooks.example.org: getaddrinfo ENOTFOUND',
    'reading-b',
    wallAt(24 * 60 * minute),
  ),
  later,
];
const answer = { 'GET /v1/notices': { body: { notices: listedNotices(outbox) } } };

test('the list shows each with its state, the newest problem, and what to try', async () => {
  const { exit, terminal } = await baton('notices', answer);
  expect(exit).toBe(0);
  await expect(`${terminal.stdout}\n`).toMatchFileSnapshot('golden/notices.txt');
});

test('when no daemon answers etcd is asked, and the answer says so', async () => {
  const entries = new Map(outbox.map((entry) => [outboxKey(entry.head), { value: formatEntry(entry) }]));
  const etcd = { cluster: 'domain-1', read: async () => ok({ entries } as unknown as Snapshot) };
  const { exit, terminal } = await baton('notices --json', null, { etcd });
  expect(exit).toBe(0);
  expect(JSON.parse(terminal.stdout)).toEqual({ source: 'etcd', notices: listedNotices(outbox) });
});

test('old ones that were delivered are only counted', async () => {
  const many = Array.from({ length: 25 }, (_, n) => ({
    ...delivered(one, 'a', wallAt(0)),
    head: { ...one.head, key: `k${n}`, subject: `subject ${n}.` },
  }));
  const listed = { 'GET /v1/notices': { body: { notices: listedNotices(many) } } };
  const { terminal } = await baton('notices', listed);
  expect(terminal.stdout).toMatch(/^5 older ones were delivered: --all shows them/);
  expect(terminal.stdout.match(/subject \d+\./g)).toHaveLength(20);
  const all = await baton('notices --all', listed);
  expect(all.terminal.stdout.match(/subject \d+\./g)).toHaveLength(25);
});

test('an empty outbox is said in words', async () => {
  const { terminal } = await baton('notices', { 'GET /v1/notices': { body: { notices: [] } } });
  expect(terminal.stdout).toMatch(/^Nobody was told anything/);
});

describe('a test', () => {
  const posting = (status: number, body: unknown) => ({ 'POST /v1/notices/test': { status, body } });
  test('that was taken says how long it took', async () => {
    const taken = { kind: 'delivered', key: 'k', tookMs: 12, remark: null };
    const { exit, terminal, posted } = await baton('notices test hook', posting(200, taken));
    expect([exit, terminal.stdout]).toEqual([0, 'Channel hook took the test in 12 ms.']);
    expect(posted).toEqual([{ channel: 'hook' }]);
    const asJson = await baton('notices test hook --json', posting(200, taken));
    expect(JSON.parse(asJson.terminal.stdout)).toEqual(taken);
  });
  test.each<[string, number, unknown, number, RegExp]>([
    [
      'that was not taken fails with the reason',
      502,
      { kind: 'not-delivered', problem: 'hook answered 500' },
      1,
      /hook answered 500/,
    ],
    [
      'of an unknown channel names the known ones',
      404,
      { kind: 'no-such-channel', known: ['hook', 'mail'] },
      1,
      /Known: hook, mail/,
    ],
    [
      'where none is configured says where they are',
      404,
      { kind: 'no-such-channel', known: [] },
      1,
      /shared\.channels/,
    ],
    [
      'over TCP is refused',
      403,
      { error: { code: 'socket-only', problem: 'on the unix socket only', hint: 'run it there' } },
      3,
      /socket-only/,
    ],
  ])('%s', async (_says, status, body, expected, text) => {
    const { exit, terminal } = await baton('notices test pager', posting(status, body));
    expect(exit).toBe(expected);
    expect(terminal.stderr).toMatch(text);
  });
  test('whose answer is lost may have been sent', async () => {
    const { exit } = await baton('notices test hook', { 'POST /v1/notices/test': 'hang-up' });
    expect(exit).toBe(5);
  });
  test.each(['notices test', 'notices hook'])('%s is a usage error', async (argv) => {
    expect((await baton(argv, null)).exit).toBe(2);
  });
});
