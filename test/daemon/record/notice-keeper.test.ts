/** Who tells, how often it is tried, and what the next one finds: members on one store, with receivers that misbehave. */
import { beforeEach, describe, expect, test } from 'vitest';
import { err, ok, type Result } from '../../../src/core/result.ts';
import type { Incident } from '../../../src/core/sla/incident.ts';
import type { Channel, NoticePolicy } from '../../../src/core/sla/notices/channel.ts';
import { type News, noNews } from '../../../src/core/sla/notices/news.ts';
import type { Notice } from '../../../src/core/sla/notices/notice.ts';
import { type DeliveryProblem, newEntry, outboxKey } from '../../../src/core/sla/notices/outbox.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import {
  type LeaseId,
  memberName,
  minute,
  type MonoMs,
  monoMs,
  revision,
  second,
  wallMs,
} from '../../../src/core/units.ts';
import { NoticeKeeper } from '../../../src/daemon/record/notice-keeper.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { Coordinator, Entry, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Delivery } from '../../../src/ports/notifier.ts';
import { formatEntry, parseEntry } from '../../../src/wire/outbox.ts';
import { EPOCH } from '../../core/sla/facts.ts';
import { aReportNews } from '../../core/sla/notices/a-news.ts';
import { aPolicy, aStory, hook, mail } from '../../core/sla/notices/stories.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

/** A small etcd: transactions with their comparisons, and a snapshot for everybody after each. */
class Store {
  entries = new Map<string, Entry>();
  revision = 1;
  answers = true;
  readonly watchers = new Set<(snapshot: Snapshot) => void>();

  put(key: string, value: string): void {
    this.#apply({ compares: [], writes: [{ op: 'put', key, value }] });
  }

  delete(key: string): void {
    this.#apply({ compares: [], writes: [{ op: 'delete', key }] });
  }

  commit(txn: Txn): TxnOutcome {
    if (!this.answers) return { kind: 'failed', problem: 'etcd does not answer' };
    const holds = txn.compares.every((compare) => {
      const known = this.entries.get(compare.key);
      return 'absent' in compare ? known === undefined : known?.modRevision === compare.modRevision;
    });
    if (!holds) return { kind: 'refused', revision: revision(this.revision) };
    this.#apply(txn);
    return { kind: 'applied', revision: revision(this.revision) };
  }

  #apply({ writes }: Txn): void {
    this.revision += 1;
    const entries = new Map(this.entries);
    for (const write of writes) {
      if (write.op === 'delete') entries.delete(write.key);
      else {
        const modRevision = revision(this.revision);
        entries.set(write.key, {
          value: write.value,
          modRevision,
          createRevision: modRevision,
          leaseId: '0' as LeaseId,
        });
      }
    }
    this.entries = entries;
    for (const watch of this.watchers) watch(this.snapshot);
  }

  get snapshot(): Snapshot {
    return { revision: revision(this.revision), etcdClusterId: '1', entries: this.entries };
  }

  outbox() {
    return [...this.entries].flatMap(([key, { value }]) =>
      key.startsWith('outbox/') ? (parseEntry(value) ?? []) : [],
    );
  }
}

type Reply = Result<Delivery, DeliveryProblem> | 'hang';
const taken: Reply = ok({ remark: null });
const refused: Reply = err({ kind: 'passing', problem: 'no thanks' });

let clock: VirtualClock;
let store: Store;
let incidents: readonly Incident[];
/** What receivers were sent, by whom. */
let received: { by: string; notice: Notice; atMs: number }[];
let reply: (channel: Channel, notice: Notice, by: string) => Reply;
let warnings: unknown[];
/** What each member has on record. */
let newsAt: (member: string) => News;
/** What each member has in its ledger. */
let disks: Map<string, unknown[]>;
const story = aStory(44 * minute, 50 * minute);
const oneSite: NoticePolicy = aPolicy({ sites: aPolicy().sites.slice(1, 2), contracts: [] });

beforeEach(() => {
  clock = new VirtualClock(wallMs(EPOCH));
  store = new Store();
  incidents = [];
  received = [];
  reply = () => taken;
  warnings = [];
  newsAt = () => noNews;
  disks = new Map();
  for (const member of ['a', 'b', 'reading-b']) store.put(`members/${member}`, '{}');
  store.put('leader', 'a');
});

function aMember(name: string, policy: NoticePolicy = oneSite, obstacle: string | null = null) {
  let alive = true;
  const disk = disks.get(name) ?? [];
  disks.set(name, disk);
  const ledger = {
    append: async (_kind: string, body: unknown) => {
      if (alive) disk.push(body);
      return ok({});
    },
    bodies: () => [...disk],
  } as unknown as Ledger;
  const keeper = new NoticeKeeper(
    {
      cluster: 'domain-1',
      member: memberName(name),
      clock: {
        mono: () => clock.mono(),
        boot: () => clock.boot(),
        wall: () => clock.wall(),
        sleep: (ms, signal) => (alive ? clock.sleep(ms, signal) : new Promise(() => undefined)),
        timer: (ms, action) => clock.timer(ms, () => alive && action()),
        timeout: (ms) => clock.timeout(ms),
      },
      coordinator: {
        commit: async (txn: Txn) => {
          await clock.sleep(2);
          return alive ? store.commit(txn) : new Promise<never>(() => undefined);
        },
      } as unknown as Coordinator,
      journal: { decided: () => undefined, happened: () => undefined },
      log: { info: () => undefined, warn: (_text, fields) => warnings.push(fields), error: () => undefined },
      notifier: {
        obstacle: () => obstacle,
        deliver: async (channel, notice, signal) => {
          if (obstacle !== null) return err({ kind: 'lasting', problem: obstacle });
          received.push({ by: name, notice, atMs: clock.mono() });
          const answer = reply(channel, notice, name);
          await clock.sleep(20);
          if (answer !== 'hang') return answer;
          return new Promise((resolve) =>
            signal.addEventListener('abort', () => resolve(err({ kind: 'passing', problem: String(signal.reason) }))),
          );
        },
      },
      noticesOf: () => policy,
      apiUrl: `http://${name}:8008`,
      ledger,
    },
    {
      ...{ incidents: () => incidents, announcements: () => [], news: () => newsAt(name), tailOf: () => null },
      contracts: () => policy.contracts.map(({ contract }) => contract),
    },
  );
  const watch = (snapshot: Snapshot): void => {
    if (alive) keeper.sawSnapshot(snapshot);
  };
  store.watchers.add(watch);
  watch(store.snapshot);
  const kill = (): void => {
    alive = false;
    store.watchers.delete(watch);
  };
  return { keeper, kill };
}

const configured = (): void => store.put('config', '{}');
/** The outage is seen after half a minute. */
async function begins(): Promise<void> {
  configured();
  await clock.runFor(40 * second);
  await shows(story.goingOn);
}
/** The record changes, and so does etcd. */
async function shows(incident: Incident): Promise<void> {
  incidents = [incident];
  store.put('incidents/x', '{}');
  await clock.runFor(1 * second);
}
const told = () => received.map(({ by, notice }) => `${by} ${notice.occasion} ${notice.channel}`);

test('the leader tells, once; the others watch', async () => {
  const [a, b] = [aMember('a'), aMember('b')];
  await begins();
  await clock.runFor(2 * minute);
  expect(told()).toEqual(['a started hook']);
  expect(store.outbox()).toMatchObject([{ state: { kind: 'sent', by: 'a' }, attempts: 1, body: null }]);
  expect(b.keeper.notices()).toEqual(a.keeper.notices());
});

test('while nobody leads the first of the members tells', async () => {
  store.delete('leader');
  aMember('a');
  aMember('b');
  await begins();
  expect(told()).toEqual(['a started hook']);
});

test('an observer tells while nobody leads, and leaves it to whoever leads next', async () => {
  store.put('members/zz-o', '{"role":"observer"}');
  for (const name of ['a', 'b', 'zz-o']) aMember(name);
  store.delete('leader');
  await begins();
  store.put('leader', 'b');
  await shows(story.over);
  expect(told()).toEqual(['zz-o started hook', 'b over hook']);
});

test('an observer tells when no other member is left, and tells nothing while somebody leads', async () => {
  for (const member of ['a', 'b', 'reading-b']) store.delete(`members/${member}`);
  store.put('members/o', '{"role":"observer"}');
  aMember('o');
  await begins();
  expect(told()).toEqual([]);
  store.delete('leader');
  incidents = [{ ...story.goingOn, recordedBy: 'o', measuredBy: 'observer' }];
  store.put('incidents/x', '{}');
  await clock.runFor(2 * second);
  expect(told()).toEqual(['o started hook']);
});

test('a leader that dies while it sends loses nothing: the next one sends the same again, under the same key', async () => {
  reply = (_channel, _notice, by) => (by === 'a' ? 'hang' : taken);
  const a = aMember('a');
  aMember('b');
  await begins();
  expect(told()).toEqual(['a started hook']);
  a.kill();
  store.delete('members/a');
  store.put('leader', 'b');
  await clock.runFor(2 * second);
  expect(told()).toEqual(['a started hook', 'b started hook']);
  expect(new Set(received.map(({ notice }) => notice.key)).size).toBe(1);
  expect(received[1]?.notice.text).toBe(received[0]?.notice.text);
  expect(store.outbox()).toMatchObject([{ state: { kind: 'sent', by: 'b' } }]);
});

test('a leader that dies after it was delivered and before that is written has it sent twice under one key', async () => {
  const a = aMember('a');
  aMember('b');
  configured();
  await clock.runFor(40 * second);
  incidents = [story.goingOn];
  store.put('incidents/x', '{}');
  while (received.length === 0) await clock.runFor(1);
  await clock.runFor(20);
  a.kill();
  store.put('leader', 'b');
  await clock.runFor(5 * second);
  expect(told()).toEqual(['a started hook', 'b started hook']);
  expect(new Set(received.map(({ notice }) => notice.key)).size).toBe(1);
});

test('one that is refused is tried again after longer and longer pauses, and says so', async () => {
  reply = () => refused;
  const { keeper } = aMember('a');
  await begins();
  await clock.runFor(10 * minute);
  const attempts = received.filter(({ notice }) => notice.occasion === 'started').map(({ atMs }) => atMs);
  const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
  expect(pauses.length).toBeGreaterThan(7);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(5 * minute + 1 * second);
  expect(pauses.slice(0, 2).every((pause) => pause <= 3 * second)).toBe(true);
  expect(keeper.notices()).toMatchObject([{ state: 'pending', lastProblem: 'no thanks', by: 'a' }]);
  reply = () => taken;
  await clock.runFor(6 * minute);
  expect(keeper.notices()[0]).toMatchObject({ state: 'sent', lastProblem: 'no thanks' });
});

test('the end is not told before the beginning, however late that arrives', async () => {
  reply = () => refused;
  aMember('a');
  await begins();
  await shows(story.over);
  await clock.runFor(4 * minute);
  expect(new Set(told())).toEqual(new Set(['a started hook']));
  received = [];
  reply = () => taken;
  await clock.runFor(6 * minute);
  expect(told()).toEqual(['a started hook', 'a over hook']);
});

test('what cannot be delivered for a day is given up, with the reason', async () => {
  reply = () => refused;
  const { keeper } = aMember('a');
  configured();
  await clock.runFor(45 * minute);
  await shows(story.over);
  await clock.runFor(23 * 60 * minute);
  expect(keeper.notices()).toMatchObject([{ occasion: 'over', state: 'pending' }]);
  await clock.runFor(66 * minute);
  expect(keeper.notices()).toMatchObject([{ occasion: 'over', state: 'given-up', lastProblem: 'no thanks' }]);
});

describe('a receiver that hangs', () => {
  test('delays no other channel, and is left after ten seconds', async () => {
    reply = (channel) => (channel.id === 'hook' ? 'hang' : taken);
    const both = aPolicy({
      sites: aPolicy().sites.map((each) => ({ ...each, channels: ['hook', 'mail'] })),
      contracts: [],
    });
    const { keeper } = aMember('a', both);
    await begins();
    const mails = keeper.notices().filter(({ channel }) => channel === mail.id);
    expect(mails.map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
    expect(received.filter(({ notice }) => notice.channel === hook.id)).toHaveLength(2);
    await clock.runFor(11 * second);
    const failing = keeper.notices().filter(({ lastProblem }) => lastProblem !== null);
    expect(failing.map(({ lastProblem }) => lastProblem)).toEqual(Array(2).fill('Error: no answer within 10 s'));
  });

  test('and an adapter that ignores its deadline holds up nothing for ever', async () => {
    const hanging = aMember('a');
    reply = () => 'hang';
    await begins();
    await clock.runFor(12 * second);
    expect(hanging.keeper.notices()).toMatchObject([{ state: 'pending', attempts: 1 }]);
  });
});

test('a thousand sites are told within a minute, although each takes the receiver a while', async () => {
  const many = Array.from({ length: 1_000 }, (_, n) => ({ id: `s-${n}`, name: `Site ${n}` }));
  const policy = aPolicy({ sites: many.map((site) => ({ site, zone: 'UTC', channels: ['hook'] })), contracts: [] });
  const { keeper } = aMember('a', policy);
  configured();
  await clock.runFor(40 * second);
  const affectedSites = many.map((site) => ({ ...site, downFrom: null, downUntil: null }));
  await shows({ ...story.goingOn, affectedSites });
  expect(received.length).toBeGreaterThan(10);
  await clock.runFor(59 * second);
  expect(new Set(received.map(({ notice }) => notice.key)).size).toBe(1_000);
  expect(keeper.notices().every(({ state }) => state === 'sent')).toBe(true);
});

test('without etcd nothing new is told, and what was delivered is not sent again', async () => {
  const { keeper } = aMember('a');
  configured();
  await clock.runFor(40 * second);
  store.answers = false;
  incidents = [story.goingOn];
  store.put('incidents/x', '{}');
  await clock.runFor(1 * minute);
  expect(told()).toEqual([]);
  store.answers = true;
  while (received.length === 0) await clock.runFor(1);
  store.answers = false;
  await clock.runFor(5 * minute);
  expect(told()).toEqual(['a started hook']);
  store.answers = true;
  await clock.runFor(2 * second);
  expect(told()).toEqual(['a started hook']);
  expect(keeper.notices()).toMatchObject([{ state: 'sent' }]);
});

test('a host that lacks the secret says so, and the next leader that has it delivers at once', async () => {
  const problem = 'this host has no secret hook-key: add it to notify.secrets and restart batond';
  const a = aMember('a', oneSite, problem);
  aMember('b');
  await begins();
  expect(warnings).toContainEqual({ channel: 'hook', problem });
  expect(a.keeper.notices()).toMatchObject([{ state: 'pending', lastProblem: problem, by: 'a' }]);
  store.put('leader', 'b');
  await clock.runFor(1 * second);
  expect(told()).toEqual(['b started hook']);
});

test('a message for a channel that is gone is given up', async () => {
  reply = () => refused;
  const before = aMember('a');
  await begins();
  before.kill();
  const after = aMember('a', { ...oneSite, channels: [mail] });
  await clock.runFor(1 * second);
  expect(after.keeper.notices()).toMatchObject([
    { state: 'given-up', lastProblem: 'there is no channel hook any more' },
  ]);
});

test('what somebody else wrote into the outbox is left alone', async () => {
  store.put('outbox/strange', '{"v":7}');
  aMember('a');
  await begins();
  expect(told()).toEqual(['a started hook']);
  expect(store.entries.get('outbox/strange')?.value).toBe('{"v":7}');
});

test('what is two weeks old is taken out; what may still be planned again is not', async () => {
  aMember('a');
  await begins();
  await clock.runFor(51 * minute);
  await shows(story.closed);
  expect(new Set(store.outbox().map(({ head }) => head.occasion))).toEqual(
    new Set(['started', 'over', 'restored', 'still-down']),
  );
  await clock.runFor(13 * 24 * 60 * minute);
  const told13 = told();
  expect(store.outbox()).not.toEqual([]);
  await clock.runFor(25 * 60 * minute);
  expect(store.outbox()).toEqual([]);
  await clock.runFor(60 * minute);
  expect(told()).toEqual(told13);
});

test('a daemon that ends breaks off what it sends and begins nothing', async () => {
  reply = () => 'hang';
  const { keeper } = aMember('a');
  await begins();
  keeper.close();
  await clock.runFor(1 * minute);
  expect(received).toHaveLength(1);
  expect(store.outbox()).toMatchObject([{ state: { kind: 'pending', by: null } }]);
});

test('a test goes through this member, past the outbox', async () => {
  const { keeper } = aMember('b');
  configured();
  const outcome = keeper.test('hook');
  await clock.runFor(1 * second);
  expect(await outcome).toMatchObject({ kind: 'delivered', remark: null });
  expect(told()).toEqual(['b test hook']);
  expect(store.outbox()).toEqual([]);
  expect(await keeper.test('hok')).toEqual({ kind: 'no-such-channel', known: ['hook', 'mail'] });
});

describe('a report', () => {
  const policy = aPolicy({
    sites: [],
    contracts: aPolicy()
      .contracts.slice(0, 1)
      .map((each) => ({ ...each, channels: ['mail', 'hook'] })),
  });
  const made = () => ({ ...noNews, reports: [aReportNews(policy, clock.wall())] });

  test('is sent once through each channel, complete, and again by nobody', async () => {
    newsAt = made;
    aMember('a', policy);
    aMember('b', policy);
    configured();
    await clock.runFor(2 * minute);
    expect(told().toSorted()).toEqual(['a report hook', 'a report mail']);
    for (const { notice } of received)
      expect(notice.documents?.map(({ name }) => name)).toEqual([
        'domain-1-royal-berkshire-2008-03.html',
        'domain-1-royal-berkshire-2008-03.md',
      ]);
    expect(store.outbox()).toMatchObject([{ state: { kind: 'sent' } }, { state: { kind: 'sent' } }]);
    expect([...store.entries.values()].every(({ value }) => !value.includes('documents'))).toBe(true);
  });

  test('that a dead leader was sending is sent by the next one, under the same key, with the same documents', async () => {
    newsAt = made;
    reply = (_channel, _notice, by) => (by === 'a' ? 'hang' : taken);
    const a = aMember('a', policy);
    aMember('b', policy);
    configured();
    await clock.runFor(2 * second);
    a.kill();
    store.put('leader', 'b');
    await clock.runFor(2 * second);
    const mails = received.filter(({ notice }) => notice.channel === 'mail').map(({ notice }) => notice);
    expect(mails).toHaveLength(2);
    expect(mails[1]).toEqual(mails[0]);
  });

  test('that the member which is to send it has not got yet is waited for, ten minutes, and then goes without', async () => {
    const news = made();
    newsAt = (member) => (member === 'a' ? news : noNews);
    reply = (_channel, _notice, by) => (by === 'a' ? 'hang' : taken);
    const a = aMember('a', policy);
    aMember('b', policy);
    configured();
    await clock.runFor(2 * second);
    a.kill();
    store.put('leader', 'b');
    const before = received.length;
    await clock.runFor(9 * minute);
    expect(received).toHaveLength(before);
    await clock.runFor(3 * minute);
    expect(received.slice(before).map(({ by, notice }) => [by, notice.documents])).toEqual([
      ['b', []],
      ['b', []],
    ]);
  });
});

describe('while etcd is away', () => {
  /** The outage begins half a minute before it is noticed that nobody can be told through etcd. */
  const ours = { ...story.goingOn, recordedBy: 'b' };
  const away = (): void => {
    store.answers = false;
    awaySince = monoMs(clock.mono());
    incidents = [ours];
  };
  let awaySince: MonoMs | null = null;
  const passes = async (ms: number, ...members: readonly ReturnType<typeof aMember>[]): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      for (const { keeper } of members) keeper.considered(awaySince);
      await clock.runFor(500);
    }
  };
  const back = (): void => {
    awaySince = null;
    store.answers = true;
    store.put('anything', '{}');
  };

  test('whoever told last tells after a while, and etcd has it once it is back: nobody tells it again', async () => {
    const [a, b] = [aMember('a'), aMember('b')];
    configured();
    await clock.runFor(40 * second);
    away();
    await passes(14 * second, a, b);
    expect(told()).toEqual([]);
    await passes(4 * second, a, b);
    expect(told()).toEqual(['a started hook']);
    expect(received[0]?.notice.text).toMatch(/\na tells this by itself, because etcd does not answer/);
    back();
    await passes(5 * second, a, b);
    expect(store.outbox()).toMatchObject([{ head: { occasion: 'started' }, state: { kind: 'sent', by: 'a' } }]);
    await passes(10 * second, a, b);
    expect(told()).toEqual(['a started hook']);
  });

  test('the next by name tells of what it recorded itself, a while later, when the first is gone', async () => {
    const [a, b] = [aMember('a'), aMember('b')];
    configured();
    await clock.runFor(40 * second);
    a.kill();
    away();
    await passes(29 * second, b);
    expect(told()).toEqual([]);
    await passes(3 * second, b);
    expect(told()).toEqual(['b started hook']);
  });

  test('what another one recorded is not told by who is not the first', async () => {
    const b = aMember('b');
    configured();
    await clock.runFor(40 * second);
    away();
    incidents = [{ ...ours, recordedBy: 'reading-b' }];
    await passes(60 * second, b);
    expect(told()).toEqual([]);
  });

  test('what was told survives a restart: etcd has it as sent, and the key is the one that was used', async () => {
    const first = aMember('a');
    configured();
    await clock.runFor(40 * second);
    away();
    await passes(18 * second, first);
    first.kill();
    const again = aMember('a');
    back();
    await passes(10 * second, again);
    expect(told()).toEqual(['a started hook']);
    expect(store.outbox()).toMatchObject([{ head: { key: received[0]?.notice.key }, state: { kind: 'sent' } }]);
  });

  test('what could not be delivered is tried on, also once etcd is back, by whoever tells then', async () => {
    reply = (_channel, _notice, by) => (by === 'a' ? refused : taken);
    const [a, b] = [aMember('a'), aMember('b')];
    configured();
    await clock.runFor(40 * second);
    away();
    await passes(20 * second, a, b);
    expect(told().length).toBeGreaterThan(1);
    back();
    store.put('leader', 'b');
    await passes(5 * second, a, b);
    expect(store.outbox()).toMatchObject([{ state: { kind: 'sent', by: 'b' } }]);
    expect(new Set(received.map(({ notice }) => notice.key)).size).toBe(1);
  });

  test('what somebody else put there meanwhile stays', async () => {
    const [a, b] = [aMember('a'), aMember('b')];
    configured();
    await clock.runFor(40 * second);
    away();
    await passes(18 * second, a);
    // Etcd answers b, and a is cut off still.
    store.watchers.clear();
    store.answers = true;
    const [notice] = received;
    if (notice === undefined) throw new Error('nobody was told');
    const entry = { ...newEntry(notice.notice), head: { ...newEntry(notice.notice).head, subject: 'another' } };
    store.put(outboxKey(entry.head), formatEntry(entry));
    b.keeper.sawSnapshot(store.snapshot);
    a.keeper.sawSnapshot(store.snapshot);
    awaySince = null;
    await passes(5 * second, a);
    expect(store.outbox()).toMatchObject([{ head: { subject: 'another' } }]);
  });
});
