import { describe, expect, test } from 'vitest';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { err, ok } from '../../src/core/result.ts';
import { incidentText } from '../../src/core/sla/timeline-text.ts';
import type { Handler } from './fake-api.ts';
import { closedIncident, healthyExplanation, healthyStatus, leaderlessStatus, openIncident } from './fixtures.ts';
import { baton } from './run-baton.ts';

const status: Readonly<Record<string, Handler>> = { 'GET /v1/status': { body: healthyStatus } };
const accepted: Readonly<Record<string, Handler>> = {
  ...status,
  'POST /v1/requests': { status: 202, body: { kind: 'accepted', id: 'r1' } },
};
const progress = (...steps: readonly unknown[]): Readonly<Record<string, Handler>> => ({
  ...accepted,
  'GET /v1/requests/r1': (_asked, times) => ({ body: steps[Math.min(times, steps.length) - 1] }),
});
const heldStatus: Readonly<Record<string, Handler>> = {
  'GET /v1/status': { body: { ...healthyStatus, held: ['3 failovers within 60 minutes'] } },
};
const resumed: Readonly<Record<string, Handler>> = {
  ...heldStatus,
  'POST /v1/resume': { status: 202, body: { kind: 'accepted', id: 'timeline-4' } },
};
const underWay = (step: string) => ({ kind: 'under-way', step });
const done = { kind: 'done', leader: 'reading-b', tookMs: 163 };
const submitted = (body: unknown, code = 200): Readonly<Record<string, Handler>> => ({
  ...status,
  'POST /v1/requests': { status: code, body },
});

describe('exit codes', () => {
  const cases: readonly (readonly [
    says: string,
    argv: string,
    handlers: Readonly<Record<string, Handler>> | null,
    exit: number,
  ])[] = [
    ['0 when a read was answered', 'status', status, 0],
    ['0 for the version, with no daemon at all', 'version', null, 0],
    ['0 for help', '--help', null, 0],
    ['0 when a switchover is done', 'switchover --yes', progress(done), 0],
    ['0 when it is accepted and nobody waits', 'switchover --yes --no-wait', accepted, 0],
    ['0 for a dry run', 'switchover --dry-run', status, 0],
    ['0 when automation was resumed', 'resume --yes', resumed, 0],
    ['0 for a dry run of a resume', 'resume --dry-run', heldStatus, 0],
    [
      '1 when it was tried and failed',
      'switchover --yes',
      progress({ kind: 'failed', problem: 'rolled back: the archiver is stuck' }),
      1,
    ],
    [
      '1 for an incident that does not exist',
      'incident show nope',
      { 'GET /v1/incidents': { body: { incidents: [closedIncident] } } },
      1,
    ],
    ['1 when the daemon speaks otherwise', 'status', { 'GET /v1/status': { body: { hello: 'world' } } }, 1],
    ['2 without a verb', '--json', null, 2],
    ['2 for an unknown verb', 'stauts', null, 2],
    ['2 for an unknown option', 'status --colour', null, 2],
    ['2 for an argument too many', 'history all', null, 2],
    ['2 for a duration without a unit', 'status --timeout 5', null, 2],
    ['2 for a failover to nobody', 'failover --yes', status, 2],
    [
      '3 when the daemon refuses',
      'switchover --yes',
      submitted({ kind: 'refused', condition: 'archiver-fails', problem: 'The archiver is failing.' }, 412),
      3,
    ],
    ['3 when there is no terminal to ask on', 'switchover', status, 3],
    ['3 when there is nothing to resume', 'resume --yes', status, 3],
    ['3 when nobody can confirm a resume', 'resume', heldStatus, 3],
    ['3 when nobody leads', 'switchover --yes', { 'GET /v1/status': { body: leaderlessStatus } }, 3],
    ['3 for a candidate that is no member', 'switchover --yes --candidate bath-z', status, 3],
    ['3 when --yes would have to accept loss', 'failover --yes --candidate leeds-c', status, 3],
    [
      '3 where changes are not taken',
      'switchover --yes',
      submitted({ error: { code: 'not-here', problem: 'only on the socket', hint: 'go there' } }, 403),
      3,
    ],
    ['4 when nobody answers a read', 'explain', null, 4],
    ['4 when nobody answers a change', 'switchover --yes', null, 4],
    [
      '4 when the daemon is not ready',
      'status',
      {
        'GET /v1/status': { status: 503, body: { error: { code: 'starting', problem: 'nothing read yet', hint: '' } } },
      },
      4,
    ],
    [
      '5 when the request was sent and the connection cut',
      'switchover --yes',
      { ...status, 'POST /v1/requests': 'hang-up' },
      5,
    ],
    [
      '5 when the daemon itself does not know',
      'switchover --yes',
      submitted({ kind: 'unknown', problem: 'etcd did not say' }, 504),
      5,
    ],
    [
      '5 when it is not finished in time',
      'switchover --yes --timeout 300ms',
      progress(underWay('waiting for reading-b')),
      5,
    ],
  ];
  test.each(cases)('%s', async (_says, argv, handlers, exit) => {
    const ran = await baton(argv, handlers);
    expect(ran.exit, ran.terminal.stderr).toBe(exit);
  });

  test.each(cases.filter(([, argv]) => argv !== '--help'))(
    'with --json, one document on standard output: %s',
    async (_says, argv, handlers, exit) => {
      const { terminal, ...ran } = await baton(argv.includes('--json') ? argv : `${argv} --json`, handlers);
      expect(ran.exit).toBe(exit);
      const document = JSON.parse(terminal.stdout) as { error?: { code: string; problem: string; hint: string } };
      if (exit === 0) expect(document.error).toBeUndefined();
      else
        expect(document.error).toEqual({
          code: expect.any(String),
          problem: expect.stringMatching(/./),
          hint: expect.stringMatching(/./),
        });
    },
  );

  test.each(cases.filter(([, , , exit]) => exit !== 0))(
    'every error says what to do, on standard error: %s',
    async (_says, argv, handlers) => {
      const { terminal } = await baton(argv.replace(' --json', '').replace('--json', 'incident'), handlers);
      expect(terminal.stdout).toBe('');
      expect(terminal.errors.at(-1)).toMatch(/^hint: ./);
    },
  );
});

describe('a change', () => {
  test('carries who asks, why, and the leader and term it was decided on', async () => {
    const { posted } = await baton('switchover --yes --reason upgrade', progress(done));
    expect(posted).toEqual([
      {
        kind: 'switchover',
        candidate: 'reading-b',
        leader: 'slough-a',
        term: 4711,
        by: 'ada@slough-a',
        reason: 'upgrade',
        allowDataLoss: false,
        oldPrimaryIsFenced: false,
      },
    ]);
  });

  test('shows what it will do and what may be lost before it asks', async () => {
    const { terminal, posted, exit } = await baton('switchover', progress(done), { says: false });
    expect(terminal.stderr).toContain('Loss:   Nothing is lost');
    expect(terminal.asked).toEqual(['Make reading-b the primary?']);
    expect(posted).toEqual([]);
    expect(exit).toBe(3);
  });

  test('goes ahead when the person agrees, and prints each step once', async () => {
    const { terminal, exit } = await baton(
      'switchover',
      progress(underWay('checkpoint'), underWay('checkpoint'), underWay('promoting reading-b'), done),
      { says: true },
    );
    expect(exit).toBe(0);
    expect(terminal.errors.filter((line) => line.includes('checkpoint') && line.startsWith('  +'))).toHaveLength(1);
    expect(terminal.stderr).toContain('promoting reading-b');
    expect(terminal.stdout).toBe('Done: reading-b leads domain-1. It took 163 ms.');
  });

  test('a resume carries who looked and what was found', async () => {
    const { posted, terminal } = await baton('resume --yes --reason cable', resumed);
    expect(posted).toEqual([{ by: 'ada@slough-a', reason: 'cable' }]);
    expect(terminal.stderr).toContain('3 failovers within 60 minutes');
  });

  test('is never sent by a dry run', async () => {
    const { terminal, posted } = await baton('switchover --dry-run --yes', accepted);
    expect(terminal.stdout).toContain('Dry run: nothing was changed.');
    expect(posted).toEqual([]);
  });

  test('is sent once, even when its answer got lost', async () => {
    const { posted, terminal } = await baton('switchover --yes', { ...status, 'POST /v1/requests': 'hang-up' });
    expect(posted).toHaveLength(1);
    expect(terminal.stderr).toContain('Find out before you repeat it: `baton status`');
  });

  test('is followed through a daemon that is silent for a moment', async () => {
    const handlers = {
      ...accepted,
      'GET /v1/requests/r1': (_asked: unknown, times: number) => (times < 3 ? 'hang-up' : { body: done }),
    } as const;
    expect((await baton('switchover --yes', handlers)).exit).toBe(0);
  });

  test('that may lose commits is sent only with the flag that says so', async () => {
    const { posted, exit } = await baton(
      'failover --yes --candidate leeds-c --allow-data-loss',
      progress({ ...done, leader: 'leeds-c' }),
    );
    expect(exit).toBe(0);
    expect(posted).toMatchObject([
      { kind: 'failover', candidate: 'leeds-c', allowDataLoss: true, oldPrimaryIsFenced: false },
    ]);
  });
});

describe('reading', () => {
  const held = (entries: Readonly<Record<string, unknown>>): EtcdReader => ({
    cluster: 'domain-1',
    read: async () =>
      ok({
        revision: 5000 as never,
        etcdClusterId: '1',
        entries: new Map(
          Object.entries(entries).map(([key, value]) => [
            key,
            {
              value: typeof value === 'string' ? value : JSON.stringify(value),
              modRevision: 4711 as never,
              createRevision: 1 as never,
              leaseId: '7' as never,
            },
          ]),
        ),
      }),
  });

  test('explain prints the answer first', async () => {
    const { terminal } = await baton('explain', { 'GET /v1/explain': { body: healthyExplanation } });
    expect(terminal.stdout.split('\n')[0]).toBe(
      'slough-a leads domain-1; reading-b could take over now and would lose nothing.',
    );
  });

  test.each(['last', 'domain-1-20080424-0915', closedIncident.id])('incident show takes %s', async (id) => {
    const { terminal } = await baton(`incident show ${id}`, {
      'GET /v1/incidents': { body: { incidents: [closedIncident] } },
    });
    expect(terminal.stdout).toBe(incidentText(closedIncident));
  });

  test('history falls back to etcd when no daemon answers, and says so', async () => {
    const etcd = held({
      history: [
        [
          1,
          50331976,
          'switchover',
          '2008-04-01T10:00:00.123Z',
          'reading-b',
          '1f2e3d4c',
          '1\t0/3000148\tno recovery target specified\n',
        ],
      ],
    });
    const { terminal, exit } = await baton('history', null, { etcd });
    expect(exit).toBe(0);
    expect(terminal.stdout).toContain('This is what etcd holds, read directly');
    expect(terminal.stdout).toContain('0/3000148');
  });

  test('incident list falls back to etcd and leaves out what cannot be read', async () => {
    const etcd = held({ [`incidents/${openIncident.id}`]: openIncident, 'incidents/odd': 'not JSON' });
    const { terminal } = await baton('incident list --json', null, { etcd });
    expect(JSON.parse(terminal.stdout)).toMatchObject({ source: 'etcd', incidents: [openIncident], cases: [{}] });
  });

  test('says that neither answers when etcd is silent too', async () => {
    const etcd: EtcdReader = { cluster: 'domain-1', read: async () => err('http://127.0.0.1:2379 refuses') };
    const { terminal, exit } = await baton('status', null, { etcd });
    expect(exit).toBe(4);
    expect(terminal.stderr).toContain('http://127.0.0.1:2379 refuses');
  });
});
