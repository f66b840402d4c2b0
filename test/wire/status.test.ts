import { describe, expect, test } from 'vitest';
import { selfReport } from '../../src/core/self-report.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { type Status, statusOf, statusOfKeys } from '../../src/core/status.ts';
import { memberName, monoMs, parseLsn, revision, timeline } from '../../src/core/units.ts';
import type { PeerReport, View } from '../../src/core/view.ts';
import { parseSelf } from '../../src/wire/self.ts';
import { statusSchema } from '../../src/wire/status.ts';
import {
  absent,
  aRecord,
  aState,
  aSync,
  held,
  leaderView,
  now,
  primary,
  read,
  reading,
  slough,
  standbyView,
  wall,
} from '../http/views.ts';

const incident = (state: 'open' | 'closed'): Incident =>
  ({
    id: `i-${state}`,
    kind: 'failover',
    state,
    instants: { t0: { wall: '2008-04-24T08:15:00.000Z' }, t1: null },
    affectedSites: [
      { id: 'a', name: "St Mary's", downFrom: null, downUntil: null },
      { id: 'b', name: 'Back', downFrom: null, downUntil: '2008-04-24T08:16:00.000Z' },
    ],
    verdicts: [{ contract: 'c-1', customer: 'Trust', outcome: { kind: 'met' } }],
  }) as unknown as Incident;
const onRecord = (incidents: readonly Incident[]) => ({
  incidents,
  promises: { sites: [], contracts: [] },
  nowWall: wall,
});
const of = (view: View): Status => statusOf('domain-1', view, []);
const member = (status: Status, name: string) => status.members.find((each) => each.name === name);
const peers = (report: Partial<PeerReport>): Pick<View, 'peers'> => ({
  peers: new Map([
    [
      reading,
      {
        postgres: null,
        daemon: null,
        lease: null,
        report: {
          atMono: now,
          role: 'standby',
          state: 'streaming',
          timeline: timeline(3),
          lsn: parseLsn('0/5000148'),
          copyId: null,
          runId: null,
          planned: false,
          ...report,
        },
      },
    ],
  ]),
});

describe('status', () => {
  test('of a healthy pair, as its leader sees it', () => {
    expect(of(leaderView())).toEqual({
      cluster: 'domain-1',
      leader: 'slough-a',
      term: 39,
      timeline: 3,
      redundant: true,
      paused: false,
      held: [],
      warnings: [],
      synchronous: { mode: 'available', standbys: ['reading-b'] },
      members: [
        {
          name: 'reading-b',
          location: 'reading',
          role: 'replica',
          state: 'streaming',
          timeline: 3,
          lsn: '0/5000048',
          lagBytes: 256,
          synchronous: true,
          host: '127.0.0.12',
          port: 5432,
          apiUrl: 'http://127.0.0.12:8008',
          version: '0.1.0',
          postgres: 15,
          operation: null,
        },
        {
          name: 'slough-a',
          location: 'slough',
          role: 'primary',
          state: 'running',
          timeline: 3,
          lsn: '0/5000148',
          lagBytes: null,
          synchronous: false,
          host: '127.0.0.11',
          port: 5432,
          apiUrl: 'http://127.0.0.11:8008',
          version: '0.1.0',
          postgres: 15,
          operation: null,
        },
      ],
      incident: null,
      sla: [],
    });
  });
  test('survives its own schema, in every shape', () => {
    const shapes = [
      of(leaderView()),
      of(standbyView()),
      statusOfKeys('domain-1', aState(), onRecord([incident('open')])),
      of(leaderView({ coordinator: { kind: 'never-read', sinceMono: monoMs(0) } })),
      of(leaderView({ coordinator: read(aState({ leader: absent, sync: absent, members: new Map() })) })),
      of(
        leaderView({
          postgres: { kind: 'absent' },
          operation: { kind: 'busy', spec: { kind: 'resume-replay' }, sinceMono: now, progress: '40 %' },
        }),
      ),
    ];
    for (const shape of shapes) expect(statusSchema.parse(JSON.parse(JSON.stringify(shape)))).toEqual(shape);
  });

  const redundancy: readonly (readonly [says: string, status: Status, redundant: boolean])[] = [
    ['from etcd alone', statusOfKeys('c', aState(), onRecord([])), true],
    ['nobody named in sync', statusOfKeys('c', aState({ sync: aSync({ standbys: [] }) }), onRecord([])), false],
    [
      'the named standby is gone',
      statusOfKeys('c', aState({ members: new Map([[slough, aRecord(slough)]]) }), onRecord([])),
      false,
    ],
    [
      'the named standby does not stream',
      statusOfKeys(
        'c',
        aState({
          members: new Map([
            [slough, aRecord(slough)],
            [reading, aRecord(reading, { state: 'running' })],
          ]),
        }),
        onRecord([]),
      ),
      false,
    ],
    [
      'the named standby may not fail over',
      statusOfKeys(
        'c',
        aState({
          members: new Map([
            [slough, aRecord(slough)],
            [reading, aRecord(reading, { tags: { nofailover: true } })],
          ]),
        }),
        onRecord([]),
      ),
      false,
    ],
    ['nobody leads', statusOfKeys('c', aState({ leader: absent }), onRecord([])), false],
    ['its daemon has just said that it no longer streams', of(leaderView(peers({ state: 'running' }))), false],
    [
      'its daemon said so too long ago to count',
      of(leaderView(peers({ state: 'running', atMono: monoMs(now - 3_000) }))),
      true,
    ],
    [
      'mode off, near enough',
      statusOfKeys('c', aState({ sync: aSync({ mode: 'off', standbys: [] }) }), onRecord([])),
      true,
    ],
    [
      'mode off, too far behind',
      statusOfKeys(
        'c',
        aState({
          sync: aSync({ mode: 'off', standbys: [] }),
          members: new Map([
            [slough, aRecord(slough)],
            [reading, aRecord(reading, { lsn: parseLsn('0/4000000') })],
          ]),
        }),
        onRecord([]),
      ),
      false,
    ],
  ];
  for (const [says, status, redundant] of redundancy)
    test(`${redundant ? 'redundant' : 'not redundant'}: ${says}`, () => expect(status.redundant).toBe(redundant));

  test('a member whose lease ran out is gone, one whose key cannot be read is malformed', () => {
    const members = new Map([
      [slough, aRecord(slough)],
      [memberName('bad'), { kind: 'malformed', modRevision: revision(1), problem: 'x' } as const],
    ]);
    const status = statusOfKeys('c', aState({ members }), onRecord([]));
    expect(member(status, 'reading-b')).toMatchObject({ state: 'gone', role: 'unknown', synchronous: true, lsn: null });
    expect(member(status, 'bad')).toMatchObject({ state: 'malformed' });
  });
  test('no lag is given across timelines', () => {
    const members = new Map([
      [slough, aRecord(slough)],
      [reading, aRecord(reading, { timeline: timeline(2) })],
    ]);
    expect(member(statusOfKeys('c', aState({ members }), onRecord([])), 'reading-b')?.lagBytes).toBeNull();
  });
  test('what it is doing is said by the member itself', () => {
    const busy = {
      kind: 'busy',
      spec: { kind: 'clone', leader: slough, term: revision(39), copyId: primary.copyId ?? ('x' as never) },
      sinceMono: now,
      progress: '40 %',
    } as const;
    expect(member(of(standbyView({ operation: busy })), 'reading-b')).toMatchObject({
      operation: 'clone: 40 %',
      state: 'cloning',
    });
  });
  test('holds and a pause are told', () => {
    const view = leaderView();
    const status = of({
      ...view,
      memory: { ...view.memory, held: [{ code: 'paused', reason: 'for the move, until noon' }] },
    });
    expect(status).toMatchObject({ paused: true, held: ['for the move, until noon'] });
  });
  test('without the past of etcd nobody could take over, and the leader is named while it leads on', () => {
    const view = leaderView();
    const held = [{ code: 'etcd-replaced', reason: 'another etcd' }] as const;
    expect(of({ ...view, memory: { ...view.memory, held } })).toMatchObject({ leader: slough, redundant: false });
    const overtaken = { ...view, memory: { ...view.memory, held, overtakenBy: reading } };
    expect(of(overtaken)).toMatchObject({ leader: null, term: null, redundant: false });
  });
  test('without etcd a leader that may not go on is none any more', () => {
    const view = leaderView({ coordinator: read(aState({ sync: aSync({ mode: 'off' }) }), monoMs(now - 6_000)) });
    const lease = { ...held('slough-a', 5_900) };
    expect(of(view)).toMatchObject({ leader: slough });
    expect(of({ ...view, guardian: { ...view.guardian, lease } })).toMatchObject({ leader: null, term: null });
  });
  test('the open incident and what the contracts say of it', () => {
    const status = statusOf('c', leaderView(), [incident('closed'), incident('open')]);
    expect(status.incident).toEqual({
      id: 'i-open',
      kind: 'failover',
      since: '2008-04-24T08:15:00.000Z',
      sitesDown: ["St Mary's"],
      breaches: [],
      acknowledged: null,
    });
    const what = { kind: 'acknowledged', note: 'on my way' } as const;
    const entry = { id: 'x', at: '2008-04-24T08:16:00.000Z', by: 'ada@slough-a', what };
    const cases = [{ incident: 'i-open', entries: [entry] }];
    const known = statusOf('c', leaderView(), [incident('open')], undefined, cases);
    expect(known.incident?.acknowledged).toEqual({ by: entry.by, at: entry.at, note: 'on my way' });
    expect(statusSchema.parse(JSON.parse(JSON.stringify(known)))).toEqual(known);
    expect(status.sla).toEqual([{ contract: 'c-1', customer: 'Trust', incident: 'i-open', outcome: 'met' }]);
    expect(statusOf('c', leaderView(), [incident('closed')])).toMatchObject({
      incident: null,
      sla: [{ incident: 'i-closed' }],
    });
  });
});

describe("a daemon's report of itself", () => {
  const decision = { rule: 'lead', because: 'all is well', intents: [] } as const;
  const report = (view: View) => JSON.parse(JSON.stringify(selfReport('domain-1', '0.1.0', view, decision, wall)));
  test('of a primary is read back by the others', () => {
    expect(parseSelf(report(leaderView()), now)).toEqual({
      atMono: now,
      role: 'primary',
      state: 'running',
      timeline: 3,
      lsn: parseLsn('0/5000148'),
      copyId: 'aaaaaaaa',
      runId: '2008-04-24 08:00:00+00',
      planned: false,
      etcd: 'reachable',
    });
  });
  test('of a standby gives what it has received', () => {
    expect(parseSelf(report(standbyView()), now)).toMatchObject({
      role: 'standby',
      state: 'streaming',
      lsn: parseLsn('0/5000148'),
      copyId: 'bbbbbbbb',
    });
  });
  test('says who leads, in which term and on which lease', () => {
    expect(report(leaderView())).toMatchObject({
      leader: 'slough-a',
      term: 39,
      lease: { kind: 'held', id: '11', confirmedAgoMs: 100 },
      etcd: 'reachable',
      rule: 'lead',
    });
    expect(report(leaderView({ coordinator: { kind: 'never-read', sinceMono: monoMs(0) } }))).toMatchObject({
      leader: null,
      term: null,
      etcd: 'never-read',
    });
  });
  test('announces a stop that was asked for, and no fence', () => {
    const view = leaderView();
    const stop = {
      kind: 'busy',
      spec: { kind: 'stop', mode: 'fast', limitMs: 1, reason: 'x' },
      sinceMono: now,
      progress: null,
    } as const;
    expect(report({ ...view, operation: stop }).planned).toBe(true);
    expect(
      report({
        ...view,
        guardian: { ...view.guardian, child: { kind: 'stopping', pid: 1, sinceMono: now } },
      }).planned,
    ).toBe(true);
    expect(
      report({ ...view, guardian: { ...view.guardian, child: { kind: 'fencing', sinceMono: now, why: null } } }),
    ).toMatchObject({ planned: false, state: 'crashed' });
  });
  const wrong: readonly unknown[] = [
    null,
    undefined,
    'ok',
    1,
    [],
    {},
    { ...report(leaderView()), lsn: 5 },
    { ...report(leaderView()), state: 'odd' },
  ];
  for (const value of wrong)
    test(`anything else is no report: ${JSON.stringify(value)?.slice(0, 40)}`, () =>
      expect(parseSelf(value, now)).toBeNull());
  test('of another cluster or member is not taken for the expected one', () => {
    const said = report(leaderView());
    expect(parseSelf(said, now, { cluster: 'domain-1', member: 'slough-a' })).not.toBeNull();
    expect(parseSelf(said, now, { cluster: 'domain-2', member: 'slough-a' })).toBeNull();
    expect(parseSelf(said, now, { cluster: 'domain-1', member: 'reading-b' })).toBeNull();
  });
});
