import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDaemonProbe } from '../../src/adapters/http-probe/daemon-probe.ts';
import type { Explanation } from '../../src/core/explain.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { memberName, parseLsn, timeline } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import { createApi } from '../../src/http/api.ts';
import { parseLag } from '../../src/http/health-query.ts';
import { serveApi } from '../../src/http/serve.ts';
import type { DaemonFace, RequestDraft, SubmitOutcome } from '../../src/ports/daemon-face.ts';
import { parseSelf } from '../../src/wire/self.ts';
import { statusSchema } from '../../src/wire/status.ts';
import { aMiss as miss } from '../core/sla/near-miss/a-near-miss.ts';
import { realClock } from '../support/real-clock.ts';
import { nothingPlanned } from './nothing-planned.ts';
import { aState, leaderView, now, present, read, standbyView, wall } from './views.ts';

interface FakeFace extends DaemonFace {
  readonly drafts: RequestDraft[];
}
function aFace(view: View | null, outcome: SubmitOutcome = { kind: 'accepted', id: 'r-1' }): FakeFace {
  const drafts: RequestDraft[] = [];
  return {
    cluster: 'domain-1',
    version: '0.1.0',
    latest: () =>
      view === null ? null : { view, decision: { rule: 'lead', because: 'all is well', intents: [] }, wall },
    loopAgeMs: () => 10,
    incidents: () => [{ id: 'i-1', state: 'closed', verdicts: [] } as unknown as Incident],
    evidence: () => [],
    cases: () => [],
    addToCase: async () => outcome,
    proofOf: async () => ({ member: 'slough-a', entries: [], head: { entries: 0, lastHash: '' }, problem: null }),
    promises: () => ({ sites: [], contracts: [] }),
    contractProblems: () => [],
    sla: (asked) => ({
      ...{ cluster: 'domain-1', asOf: wall, provisional: false, contracts: [], sites: [] },
      month: asked.kind === 'window' ? null : asked.kind === 'month' ? asked.month : '2008-04',
      window: asked.kind === 'window' ? { from: asked.from, to: asked.to } : null,
    }),
    nearMisses: () => [miss()],
    notices: () => [],
    testChannel: async (channel) =>
      channel === 'hook'
        ? { kind: 'delivered', key: 'k', tookMs: 3, remark: null }
        : channel === 'page'
          ? { kind: 'not-delivered', problem: 'nobody listens' }
          : { kind: 'no-such-channel', known: ['hook', 'page'] },
    submit: async (draft) => {
      drafts.push(draft);
      return outcome;
    },
    resume: async () => outcome,
    ...nothingPlanned(outcome),
    progress: (id) => (id === 'r-1' ? { kind: 'under-way', step: 'promoting' } : { kind: 'not-known' }),
    drafts,
  };
}
const explain = (cluster: string): Explanation => ({
  cluster,
  at: '',
  leader: null,
  mode: null,
  members: [],
  next: 'nothing',
});
const errors: Error[] = [];
const api = (face: DaemonFace, changes = false) =>
  createApi({ face, explain, changes, onError: (error) => errors.push(error) });
const draft = {
  kind: 'switchover',
  candidate: 'reading-b',
  leader: 'slough-a',
  term: 39,
  by: 'ann@slough',
  reason: 'patching',
  allowDataLoss: false,
  oldPrimaryIsFenced: false,
};
const post = (body: unknown): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

describe("health paths answer with Patroni's codes", () => {
  const paths: readonly (readonly [path: string, leader: number, standby: number])[] = [
    ['/primary', 200, 503],
    ['/read-write', 200, 503],
    ['/master', 200, 503],
    ['/leader', 200, 503],
    ['/replica', 503, 200],
    ['/replica?lag=256', 503, 200],
    ['/replica?lag=255', 503, 503],
    ['/replica?lag=16MB&replication_state=streaming&tag_nosync=false', 503, 200],
    ['/read-only', 200, 200],
    ['/read-only?lag=1', 200, 503],
    ['/synchronous', 503, 200],
    ['/sync', 503, 200],
    ['/read-only-sync', 200, 200],
    ['/asynchronous', 503, 503],
    ['/async', 503, 503],
    ['/health', 200, 200],
    ['/liveness', 200, 200],
    ['/readiness', 200, 200],
    ['/readiness?lag=0&mode=apply', 200, 503],
    ['/readiness?lag=0&mode=write', 200, 200],
    ['/patroni', 200, 200],
    ['/cluster', 200, 200],
    ['/history', 200, 200],
    ['/replica?lag=much', 400, 400],
    ['/readiness?mode=odd', 400, 400],
    ['/nowhere', 404, 404],
    ['/primary/', 404, 404],
  ];
  for (const [path, leader, standby] of paths)
    test(`${path}: ${leader} of a leader, ${standby} of its standby`, async () => {
      expect((await api(aFace(leaderView())).request(path)).status).toBe(leader);
      expect((await api(aFace(standbyView())).request(path)).status).toBe(standby);
    });
  test('HEAD and OPTIONS answer with the status only', async () => {
    for (const method of ['HEAD', 'OPTIONS'])
      for (const [path, code] of [
        ['/primary', 200],
        ['/replica', 503],
      ] as const) {
        const response = await api(aFace(leaderView())).request(path, { method });
        expect([response.status, await response.text()], `${method} ${path}`).toEqual([code, '']);
      }
  });
  test('a daemon that has read nothing yet fails every check', async () => {
    for (const path of [
      '/primary',
      '/replica',
      '/health',
      '/patroni',
      '/cluster',
      '/history',
      '/v1/self',
      '/v1/status',
      '/v1/explain',
    ])
      expect((await api(aFace(null)).request(path)).status, path).toBe(503);
  });
});

describe("documents have Patroni's fields", () => {
  test('/patroni of a leader', async () => {
    expect(await json(await api(aFace(leaderView())).request('/patroni'))).toEqual({
      state: 'running',
      role: 'primary',
      postmaster_start_time: '2008-04-24 08:00:00+00',
      server_version: 150_012,
      timeline: 3,
      xlog: { location: 83_886_408 },
      replication: [
        { application_name: 'baton_reading-b_bbbbbbbb', state: 'streaming', sync_state: 'sync', sync_priority: 1 },
      ],
      dcs_last_seen: 1_209_024_900,
      database_system_identifier: '7301234567890123456',
      tags: {},
      synchronous_mode: 'available',
      patroni: { version: '0.1.0', scope: 'domain-1', name: 'slough-a' },
    });
  });
  test('/replica of a standby', async () => {
    expect(await json(await api(aFace(standbyView())).request('/replica'))).toMatchObject({
      state: 'running',
      role: 'replica',
      sync_standby: true,
      replication_state: 'streaming',
      xlog: { received_location: 83_886_408, replayed_location: 83_886_152, paused: false },
    });
  });
  test('/cluster', async () => {
    expect(await json(await api(aFace(leaderView())).request('/cluster'))).toEqual({
      scope: 'domain-1',
      members: [
        {
          name: 'reading-b',
          role: 'sync_standby',
          state: 'streaming',
          api_url: 'http://127.0.0.12:8008/patroni',
          host: '127.0.0.12',
          port: 5432,
          timeline: 3,
          lsn: '0/5000048',
          lag: 256,
        },
        {
          name: 'slough-a',
          role: 'leader',
          state: 'running',
          api_url: 'http://127.0.0.11:8008/patroni',
          host: '127.0.0.11',
          port: 5432,
          timeline: 3,
          lsn: '0/5000148',
        },
      ],
    });
  });
  test('/history', async () => {
    const row = {
      timeline: timeline(1),
      lsn: parseLsn('0/3000000'),
      reason: 'r',
      timestamp: 't',
      newLeader: memberName('a'),
      promotionId: 'p',
      historyFile: 'f',
      newTimeline: timeline(2),
    };
    const view = leaderView({ coordinator: read(aState({ history: present([row]) })) });
    expect(await (await api(aFace(view)).request('/history')).json()).toEqual([
      [1, 50_331_648, 'r', 't', 'a', 'p', 'f', 2],
    ]);
  });
});

describe('/v1', () => {
  test('self, status, explain and incidents', async () => {
    const app = api(aFace(leaderView()));
    expect(parseSelf(await json(await app.request('/v1/self')), now)).toMatchObject({ role: 'primary' });
    expect(statusSchema.parse(await json(await app.request('/v1/status')))).toMatchObject({ leader: 'slough-a' });
    expect(await json(await app.request('/v1/explain'))).toMatchObject({ cluster: 'domain-1', next: 'nothing' });
    expect(await json(await app.request('/v1/incidents'))).toMatchObject({ incidents: [{ id: 'i-1' }] });
    expect(await json(await app.request('/v1/incidents/i-1'))).toMatchObject({ id: 'i-1' });
    expect((await app.request('/v1/incidents/i-2')).status).toBe(404);
  });
  test('the contracts, of this month or of one that is one', async () => {
    const app = api(aFace(leaderView()));
    expect(await json(await app.request('/v1/sla'))).toMatchObject({ month: '2008-04', contracts: [] });
    expect(await json(await app.request('/v1/sla?month=2008-03'))).toMatchObject({ month: '2008-03' });
    for (const month of ['2008-13', '2008', '', 'x'.repeat(5_000)]) {
      const refused = await app.request(`/v1/sla?month=${month}`);
      expect(refused.status).toBe(400);
      expect(await json(refused)).toMatchObject({ error: { code: 'bad-month' } });
    }
    const window = 'from=2008-04-24T00:00:00%2B01:00&to=2008-04-25T00:00:00%2B01:00';
    expect(await json(await app.request(`/v1/sla?${window}`))).toMatchObject({
      month: null,
      window: { from: Date.parse('2008-04-23T23:00:00Z'), to: Date.parse('2008-04-24T23:00:00Z') },
    });
    for (const query of [
      'from=2008-04-24T00:00:00Z',
      'from=2008-04-24&to=2008-04-25',
      'from=2008-04-24T00:00:00Z&to=2008-04-24T00:00:00Z',
      'from=1990-04-24T00:00:00Z&to=2008-04-24T00:00:00Z',
      `month=2008-04&${window}`,
    ]) {
      const refused = await app.request(`/v1/sla?${query}`);
      expect(refused.status).toBe(400);
      expect(await json(refused)).toMatchObject({ error: { code: 'bad-window' } });
    }
    expect(await json(await app.request('/v1/requests/r-1'))).toEqual({ kind: 'under-way', step: 'promoting' });
  });
  test('doubts that healed, all or those since an instant', async () => {
    const app = api(aFace(leaderView()));
    const all = await json(await app.request('/v1/near-misses'));
    expect(all).toMatchObject({ nearMisses: [{ about: 'a', rule: 'fence-hung', at: '2008-04-24T09:10:00.000Z' }] });
    expect(await json(await app.request('/v1/near-misses?since=2008-04-24T09:10:01.200Z'))).toEqual(all);
    expect(await json(await app.request('/v1/near-misses?since=2008-04-24T09:10:02Z'))).toEqual({ nearMisses: [] });
    for (const since of ['2008', '', 'yesterday', '2008-13-01T00:00:00Z', 'x'.repeat(5_000)]) {
      const refused = await app.request(`/v1/near-misses?since=${since}`);
      expect(refused.status).toBe(400);
      expect(await json(refused)).toMatchObject({ error: { code: 'bad-instant' } });
    }
  });
  const outcomes: readonly (readonly [SubmitOutcome, number])[] = [
    [{ kind: 'accepted', id: 'r-9' }, 202],
    [{ kind: 'refused', condition: 'streaming', problem: 'it does not stream' }, 412],
    [{ kind: 'unknown', problem: 'etcd did not answer' }, 504],
  ];
  for (const [outcome, status] of outcomes)
    test(`a request that is ${outcome.kind} answers ${status} and says so`, async () => {
      const face = aFace(leaderView(), outcome);
      const response = await api(face, true).request('/v1/requests', post(draft));
      expect([response.status, await response.json()]).toEqual([status, outcome]);
      expect(face.drafts).toEqual([draft]);
    });
  test.each([
    ['hook', 200, 'delivered'],
    ['page', 502, 'not-delivered'],
    ['pager', 404, 'no-such-channel'],
  ])('a test of the channel %s answers %i', async (channel, status, kind) => {
    const response = await api(aFace(leaderView()), true).request('/v1/notices/test', post({ channel }));
    expect([response.status, await json(response)]).toEqual([status, expect.objectContaining({ kind })]);
  });

  test('a channel is tried on the socket only; the outbox is shown everywhere', async () => {
    const onTcp = api(aFace(leaderView()));
    expect((await onTcp.request('/v1/notices/test', post({ channel: 'hook' }))).status).toBe(403);
    expect(await json(await onTcp.request('/v1/notices'))).toEqual({ notices: [] });
    const strict = await api(aFace(leaderView()), true).request('/v1/notices/test', post({ channel: '' }));
    expect(strict.status).toBe(400);
  });

  test('a resume is taken on the socket only, and says what came of it', async () => {
    const word = { by: 'ann@slough', reason: 'the cable is changed' };
    expect((await api(aFace(leaderView()), true).request('/v1/resume', post(word))).status).toBe(202);
    expect((await api(aFace(leaderView())).request('/v1/resume', post(word))).status).toBe(403);
    expect((await api(aFace(leaderView()), true).request('/v1/resume', post({ by: '' }))).status).toBe(400);
  });
  const bad: readonly (readonly [says: string, body: unknown, status: number])[] = [
    ['no JSON', '{', 400],
    ['a misspelt condition', { ...draft, allowDataloss: true }, 400],
    ['a missing term', { ...draft, term: undefined }, 400],
    ['a name that is none', { ...draft, candidate: 'B; drop' }, 400],
    ['a body that is too large', { ...draft, reason: 'x'.repeat(20_000) }, 413],
  ];
  for (const [says, body, status] of bad)
    test(`refused and not submitted: ${says}`, async () => {
      const face = aFace(leaderView());
      const response = await api(face, true).request('/v1/requests', post(body));
      expect(response.status).toBe(status);
      expect(await json(response)).toMatchObject({
        error: { code: expect.any(String), problem: expect.any(String), hint: expect.any(String) },
      });
      expect(face.drafts).toEqual([]);
    });
  test('other methods are refused with what is allowed', async () => {
    const response = await api(aFace(leaderView())).request('/v1/status', { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
  test('a bug in a handler is told to the daemon, not to the caller', async () => {
    errors.length = 0;
    const face = {
      ...aFace(leaderView()),
      incidents: () => {
        throw new Error('secret detail');
      },
    };
    const response = await api(face).request('/v1/incidents');
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    expect(errors).toHaveLength(1);
  });
});

describe('on real sockets', () => {
  let directory = '';
  let stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'baton-http-'));
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });
  const socketPath = () => join(directory, 'batond.sock');
  async function served(face: DaemonFace): Promise<number> {
    const result = await serveApi({
      tcp: { host: '127.0.0.1', port: 0 },
      socketPath: socketPath(),
      face,
      explain,
      onError: (error) => {
        throw error;
      },
      signal: stop.signal,
    });
    if (!result.ok) throw new Error(result.error);
    ended = result.value.ended;
    return result.value.port;
  }
  const onSocket = (path: string, body?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: socketPath(), path, method: body === undefined ? 'GET' : 'POST' },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });

  test('reads come from both, changes from the unix socket only', async () => {
    const face = aFace(leaderView());
    const port = await served(face);
    expect((await fetch(`http://127.0.0.1:${port}/primary`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/v1/requests`, post(draft))).status).toBe(403);
    expect(face.drafts).toEqual([]);
    expect(await onSocket('/primary')).toBe(200);
    expect(await onSocket('/v1/requests', JSON.stringify(draft))).toBe(202);
    expect(face.drafts).toEqual([draft]);
  });
  test('HEAD and OPTIONS answer over the network as they do in memory', async () => {
    const port = await served(aFace(leaderView()));
    for (const method of ['HEAD', 'OPTIONS'])
      for (const [path, code] of [
        ['/primary', 200],
        ['/replica', 503],
      ] as const)
        expect((await fetch(`http://127.0.0.1:${port}${path}`, { method })).status, `${method} ${path}`).toBe(code);
  });
  test('a body whose length is not declared is read, and bounded too', async () => {
    const face = aFace(leaderView());
    await served(face);
    const inPieces = (pieces: readonly string[]): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath: socketPath(), path: '/v1/requests', method: 'POST' }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.once('error', reject);
        for (const piece of pieces) sent.write(piece);
        sent.end();
      });
    const text = JSON.stringify(draft);
    expect(await inPieces([text.slice(0, 10), text.slice(10)])).toBe(202);
    expect(face.drafts).toEqual([draft]);
    expect(await inPieces(Array.from({ length: 20 }, () => 'x'.repeat(1_000)))).toBe(413);
    expect(face.drafts).toEqual([draft]);
  });
  test('the socket is for its owner and group, and goes away with the server', async () => {
    const port = await served(aFace(leaderView()));
    expect(statSync(socketPath()).mode & 0o777).toBe(0o660);
    stop.abort();
    await ended;
    expect(existsSync(socketPath())).toBe(false);
    await expect(fetch(`http://127.0.0.1:${port}/primary`)).rejects.toThrow();
  });
  test('a stale socket is replaced, a living one is not', async () => {
    writeFileSync(socketPath(), '');
    await served(aFace(leaderView()));
    const second = await serveApi({
      tcp: { host: '127.0.0.1', port: 0 },
      socketPath: socketPath(),
      face: aFace(null),
      explain,
      onError: () => {},
      signal: stop.signal,
    });
    expect(second).toMatchObject({ ok: false, error: expect.stringContaining('another batond answers there') });
    expect(await onSocket('/primary')).toBe(200);
  });
  test('a port that is taken is named, and nothing is left listening', async () => {
    const port = await served(aFace(leaderView()));
    const other = join(directory, 'other.sock');
    const result = await serveApi({
      tcp: { host: '127.0.0.1', port },
      socketPath: other,
      face: aFace(null),
      explain,
      onError: () => {},
      signal: stop.signal,
    });
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/EADDRINUSE.*api\.listen/) });
    expect(existsSync(other)).toBe(false);
  });
  test('stopping does not wait for a client that stays connected', async () => {
    const port = await served(aFace(leaderView()));
    const idle = connect(port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const closed = new Promise((resolve) => idle.once('close', resolve));
    idle.on('error', () => {});
    stop.abort();
    await Promise.all([ended, closed]);
  });

  describe('the probe of another daemon', () => {
    const probe = createDaemonProbe(realClock);
    async function raw(answer: (socket: import('node:net').Socket) => void): Promise<{ url: string; server: Server }> {
      const server = createTcpServer((socket) => {
        socket.on('error', () => {});
        answer(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ended = new Promise((resolve) => stop.signal.addEventListener('abort', () => server.close(() => resolve())));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
    }
    test('a living one reports itself', async () => {
      const answer = await probe(`http://127.0.0.1:${await served(aFace(leaderView()))}`, 2_000);
      expect(answer).toMatchObject({ outcome: 'ok', problem: null });
      expect(parseSelf(answer.report, now)).toMatchObject({ role: 'primary' });
    });
    test('one that has read nothing yet is alive without a report', async () => {
      expect(await probe(`http://127.0.0.1:${await served(aFace(null))}`, 2_000)).toMatchObject({
        outcome: 'ok',
        report: null,
      });
    });
    test('nobody listens: refused', async () => {
      const { url, server } = await raw(() => {});
      await new Promise((resolve) => server.close(resolve));
      ended = Promise.resolve();
      expect(await probe(url, 2_000)).toMatchObject({ outcome: 'refused', report: null });
    });
    const odd: readonly (readonly [
      says: string,
      answer: (socket: import('node:net').Socket) => void,
      outcome: string,
    ])[] = [
      ['silence is timed out', () => {}, 'timed-out'],
      [
        'half an answer is timed out',
        (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":'),
        'timed-out',
      ],
      ['a cut connection is unreachable', (socket) => socket.destroy(), 'unreachable'],
      ['no HTTP is unreachable', (socket) => socket.end('SSH-2.0-x\r\n'), 'unreachable'],
      [
        'an endless answer is unreachable',
        (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(70_000)}`),
        'unreachable',
      ],
    ];
    for (const [says, answer, outcome] of odd)
      test(says, async () => {
        const sockets: import('node:net').Socket[] = [];
        const { url } = await raw((socket) => {
          sockets.push(socket);
          answer(socket);
        });
        const started = performance.now();
        expect(await probe(url, 200)).toMatchObject({ outcome, report: null });
        expect(performance.now() - started).toBeLessThan(2_000);
        for (const socket of sockets) socket.destroy();
      });
    test('an answer that is not JSON is alive without a report', async () => {
      const server = createServer((_, response) => response.end('hello'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ended = new Promise((resolve) => stop.signal.addEventListener('abort', () => server.close(() => resolve())));
      expect(await probe(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 2_000)).toEqual({
        outcome: 'ok',
        problem: null,
        report: null,
      });
    });
  });
});

test('lag is bytes, plain or with a unit', () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['0', 0],
    ['16kB', 16_384],
    ['64MB', 67_108_864],
    ['1GB', 1_073_741_824],
    ['5 b', 5],
    ['', null],
    ['-1', null],
    ['1.5MB', null],
    ['1PB', null],
    ['1e3', null],
  ];
  for (const [text, bytes] of cases) expect(parseLag(text), text).toBe(bytes);
});
