import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryRow, MemberRecord, OperatorRequest, SharedConfig, SyncKey } from '../../src/core/cluster.ts';
import {
  formatHistory,
  formatLeader,
  formatMember,
  formatPredecessor,
  formatReservedTimeline,
  formatRequest,
  formatStatus,
  formatSync,
} from '../../src/core/key-format.ts';
import { err, ok, type Result } from '../../src/core/result.ts';
import {
  copyId,
  type Lsn,
  leaseId,
  lsn,
  memberName,
  parseLsn,
  revision,
  timeline,
  wallMs,
} from '../../src/core/units.ts';
import { type KeyEntry, parseCluster } from '../../src/wire/cluster-keys.ts';

const config: SharedConfig = { marker: 'parsed' } as unknown as SharedConfig;
const parseConfig = (text: string): Result<SharedConfig, string> => (text === 'good' ? ok(config) : err('bad'));

const entry = (value: string, lease = '0'): KeyEntry => ({ value, modRevision: revision(7), leaseId: leaseId(lease) });
const parse = (entries: Record<string, KeyEntry>) =>
  parseCluster(
    { revision: revision(9), etcdClusterId: 'c0ffee', entries: new Map(Object.entries(entries)) },
    parseConfig,
  );
const contentOf = (key: { kind: string }): unknown => {
  if (key.kind !== 'present') throw new Error(`not present: ${JSON.stringify(key)}`);
  return (key as unknown as { value: unknown }).value;
};

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,19}$/).map(memberName);
const copies = fc.stringMatching(/^[0-9a-f]{8}$/).map(copyId);
const positions: fc.Arbitrary<Lsn> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(lsn);
const revisions = fc.nat().map(revision);
const timelines = fc.integer({ min: 1, max: 0xffff_ffff }).map(timeline);
const leases = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((id) => leaseId(String(id)));
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });

const syncs: fc.Arbitrary<SyncKey> = fc.record({
  leader: names,
  standbys: fc.uniqueArray(names, { maxLength: 4 }),
  mode: fc.constantFrom('available', 'strict', 'off'),
  copies: fc.dictionary(names, copies, { maxKeys: 4, noNullPrototype: true }),
});
const members: fc.Arbitrary<MemberRecord> = fc.record({
  name: names,
  host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
  port: fc.integer({ min: 1, max: 65_535 }),
  apiUrl: fc.webUrl(),
  role: fc.constantFrom('primary', 'replica', 'observer', 'uninitialized'),
  state: fc.constantFrom(
    'starting',
    'initdb',
    'cloning',
    'rewinding',
    'running',
    'streaming',
    'stopping',
    'stopped',
    'crashed',
    'unfit',
  ),
  version: fc.string(),
  protocol: fc.integer({ min: 1, max: 99 }),
  serverVersion: orNull(fc.integer({ min: 140_000, max: 189_999 })),
  location: fc.string(),
  priority: fc.integer(),
  tags: fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), fc.boolean(), { maxKeys: 3, noNullPrototype: true }),
  leaseId: leases,
  copyId: orNull(copies),
  timeline: orNull(timelines),
  lsn: orNull(positions),
  replayLsn: orNull(positions),
  divergedKept: orNull(fc.string()),
  freeBytes: orNull(fc.nat()),
  restartingUntil: orNull(fc.integer({ min: 0, max: 4_000_000_000_000 }).map(wallMs)),
  fencedTerm: orNull(revisions),
});
const rows: fc.Arbitrary<HistoryRow> = fc.record({
  timeline: timelines,
  newTimeline: timelines,
  lsn: positions,
  reason: fc.string(),
  timestamp: fc.string(),
  newLeader: names,
  promotionId: fc.string(),
  historyFile: fc.string(),
});
const requests: fc.Arbitrary<OperatorRequest> = fc.record({
  id: fc.string({ minLength: 1 }),
  kind: fc.constantFrom('switchover', 'failover'),
  leader: orNull(names),
  term: orNull(revisions),
  candidate: names,
  by: fc.string(),
  reason: fc.string(),
  requestedAt: fc.string(),
  allowDataLoss: fc.boolean(),
  oldPrimaryIsFenced: fc.boolean(),
  drill: fc.boolean(),
  shutdownLsn: orNull(positions),
});

describe('what one daemon writes the other reads back unchanged', () => {
  test('leader', () => {
    fc.assert(
      fc.property(names, leases, (member, lease) => {
        expect(contentOf(parse({ leader: entry(formatLeader(member), lease) }).leader)).toEqual({
          member,
          leaseId: lease,
        });
      }),
    );
  });
  test('sync', () => {
    fc.assert(
      fc.property(syncs, (sync) => void expect(contentOf(parse({ sync: entry(formatSync(sync)) }).sync)).toEqual(sync)),
    );
  });
  test('members', () => {
    fc.assert(
      fc.property(members, (member) => {
        const state = parse({ [`members/${member.name}`]: entry(formatMember(member), member.leaseId) });
        const key = state.members.get(member.name);
        expect(key && contentOf(key)).toEqual(member);
      }),
    );
  });
  test('history', () => {
    fc.assert(
      fc.property(
        fc.array(rows, { maxLength: 5 }),
        (history) => void expect(contentOf(parse({ history: entry(formatHistory(history)) }).history)).toEqual(history),
      ),
    );
  });
  test('predecessor', () => {
    const known = { member: memberName('a'), copyId: copyId('c1'), runId: 'run-1', mayHaveMore: true };
    const address = { host: '::1', port: 5432, apiUrl: 'http://[::1]:8008' };
    for (const predecessor of [
      { ...known, address },
      { ...known, runId: null, mayHaveMore: false, address: null },
    ])
      expect(contentOf(parse({ predecessor: entry(formatPredecessor(predecessor)) }).predecessor)).toEqual(predecessor);
  });
  test('timeline', () => {
    for (const copy of [copyId('c1'), null]) {
      const reserved = { number: timeline(3), member: memberName('a'), copyId: copy };
      expect(contentOf(parse({ timeline: entry(formatReservedTimeline(reserved)) }).timeline)).toEqual(reserved);
    }
  });
  test('failover (the operator request)', () => {
    fc.assert(
      fc.property(
        requests,
        (request) =>
          void expect(contentOf(parse({ failover: entry(formatRequest(request)) }).request)).toEqual(request),
      ),
    );
  });
});

describe("the shapes are Patroni's where Patroni has them", () => {
  test('sync names the standbys in one comma-separated string, null for none', () => {
    const sync: SyncKey = { leader: memberName('a'), standbys: [], mode: 'available', copies: {} };
    expect(JSON.parse(formatSync(sync))).toEqual({ leader: 'a', sync_standby: null, mode: 'available', copies: {} });
    const named = formatSync({ ...sync, standbys: [memberName('b'), memberName('c')] });
    expect(JSON.parse(named)).toMatchObject({ leader: 'a', sync_standby: 'b,c' });
  });
  test('history gives the LSN as an integer in the second of at least five columns', () => {
    const row: HistoryRow = {
      timeline: timeline(1),
      newTimeline: timeline(2),
      lsn: parseLsn('0/3000148'),
      reason: 'no recovery target specified',
      timestamp: '2008-04-24T08:15:00.000Z',
      newLeader: memberName('reading-b'),
      promotionId: 'f00d',
      historyFile: '1\t0/3000148\tno recovery target specified\n',
    };
    expect(JSON.parse(formatHistory([row]))[0].slice(0, 5)).toEqual([
      1,
      50_331_976,
      'no recovery target specified',
      '2008-04-24T08:15:00.000Z',
      'reading-b',
    ]);
  });
  test('status has optime and slots as integers', () => {
    expect(JSON.parse(formatStatus(lsn(67_108_864n), { reading_b: lsn(5n) }))).toEqual({
      optime: 67_108_864,
      slots: { reading_b: 5 },
    });
  });
  test('an LSN beyond 2^53 is written as text, because JSON numbers round there', () => {
    expect(JSON.parse(formatStatus(parseLsn('FFFFFFFF/FFFFFFFF'), {}))).toEqual({
      optime: 'FFFFFFFF/FFFFFFFF',
      slots: {},
    });
  });
});

describe('malformed content becomes a problem that names the key', () => {
  const aMember = JSON.stringify({
    conn_url: 'postgres://127.0.0.1:5432/postgres',
    api_url: 'http://127.0.0.1:8008',
    role: 'master',
    state: 'running',
    version: '4.1.4',
  });
  const cases: readonly (readonly [key: string, field: string, value: string, problem: RegExp])[] = [
    ['leader', 'leader', 'Pg 1', /^key leader: "Pg 1" is not a member name/],
    ['leader', 'leader', '', /^key leader: "" is not a member name/],
    ['initialize', 'initialize', '', /^key initialize: .*system identifier/],
    ['sync', 'sync', '{', /^key sync: not JSON: "\{"/],
    ['sync', 'sync', '{"leader":"a","sync_standby":"b"}', /^key sync: mode: .*; copies: /],
    [
      'sync',
      'sync',
      '{"leader":"a","sync_standby":"b,b","mode":"off","copies":{}}',
      /^key sync: sync_standby: "b" .*twice/,
    ],
    ['sync', 'sync', '{"leader":"a","sync_standby":"*","mode":"off","copies":{}}', /^key sync: sync_standby: "\*"/],
    ['config', 'config', 'bad', /^key config: bad$/],
    ['history', 'history', '[[1,2]]', /^key history: \[0\]/],
    ['history', 'history', '[[1,-2,"","","a","","",2]]', /^key history: \[0\]\[1\]: not an LSN/],
    ['cooldown', 'cooldown', '{"timeline":"3"}', /^key cooldown: timeline: /],
    ['failover', 'request', '{}', /^key failover: id: /],
    ['predecessor', 'predecessor', '{"member":"a"}', /^key predecessor: copy_id: /],
    ['timeline', 'timeline', '{"number":0,"member":"a","copy_id":null}', /^key timeline: number: /],
    ['members/old-node', 'member', aMember, /^key members\/old-node: .*another manager \(Patroni\)/],
    ['members/Bad_Name', 'member', aMember, /^key members\/Bad_Name: "Bad_Name" is not a member name/],
    ['members/huge', 'member', `[${'1,'.repeat(100_000)}1]`, /^key members\/huge: .{1,520}$/],
    ['members/deep', 'member', '['.repeat(10_000), /^key members\/deep: not JSON/],
  ];
  for (const [key, field, value, problem] of cases)
    test(`${key} = ${value.slice(0, 60)}`, () => {
      const state = parse({ [key]: entry(value) });
      const parsed = field === 'member' ? [...state.members.values()][0] : state[field as 'leader'];
      expect(parsed).toMatchObject({ kind: 'malformed', modRevision: 7, problem: expect.stringMatching(problem) });
    });

  test('no text in any key ever throws', () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    const anyKey = fc.oneof(
      fc.constantFrom(
        'leader',
        'sync',
        'initialize',
        'config',
        'history',
        'failover',
        'members/a',
        'members/',
        'pause',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(anyKey, anyText), (content) => {
        const entries = Object.fromEntries(Object.entries(content).map(([key, text]) => [key, entry(text)]));
        expect(parse(entries).revision).toBe(9);
      }),
    );
  });

  test('a member record that is on another lease than it says is not believed', () => {
    const record = fc.sample(members, 1)[0] as MemberRecord;
    const state = parse({
      [`members/${record.name}`]: entry(formatMember({ ...record, leaseId: leaseId('12') }), '0'),
    });
    expect(state.members.get(record.name)).toMatchObject({
      kind: 'malformed',
      problem: expect.stringContaining('lease_id 12'),
    });
  });

  test('fields that a newer version added are ignored', () => {
    const sync = { leader: 'a', sync_standby: 'b', mode: 'strict', copies: {}, quorum: 1, colour: 'blue' };
    expect(contentOf(parse({ sync: entry(JSON.stringify(sync)) }).sync)).toEqual({
      leader: 'a',
      standbys: ['b'],
      mode: 'strict',
      copies: {},
    });
  });

  test('an empty prefix is a cluster of absent keys', () => {
    expect(parse({})).toEqual({
      revision: 9,
      etcdClusterId: 'c0ffee',
      leader: { kind: 'absent' },
      sync: { kind: 'absent' },
      initialize: { kind: 'absent' },
      config: { kind: 'absent' },
      history: { kind: 'absent' },
      request: { kind: 'absent' },
      cooldown: { kind: 'absent' },
      predecessor: { kind: 'absent' },
      timeline: { kind: 'absent' },
      members: new Map(),
    });
  });
});
