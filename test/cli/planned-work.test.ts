import { describe, expect, test } from 'vitest';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { ok } from '../../src/core/result.ts';
import type { DrillEntry } from '../../src/core/sla/drill/drill-entry.ts';
import { rulings } from '../../src/core/sla/maintenance/ruling.ts';
import { contractReports } from '../../src/core/sla/report/contract-report.ts';
import { reportCsv } from '../../src/core/sla/report/report-csv.ts';
import { reportMarkdown } from '../../src/core/sla/report/report-markdown.ts';
import type { Run } from '../../src/core/sla/schedule/run.ts';
import type { Snapshot } from '../../src/ports/coordinator.ts';
import type { KeptRecord } from '../../src/wire/kept-record.ts';
import { formatMaintenance } from '../../src/wire/maintenance-records.ts';
import { formatClaim } from '../../src/wire/run-records.ts';
import { contract, rows } from '../core/sla/accounting/hospital-2008.ts';
import { aContract, sites } from '../core/sla/facts.ts';
import { anAnnouncement, day, hour, sunday } from '../core/sla/maintenance/an-announcement.ts';
import type { Handler } from './fake-api.ts';
import { healthyStatus } from './fixtures.ts';
import { baton } from './run-baton.ts';

const contracts = [
  aContract({ exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } }),
  aContract({ id: 'st-marks', sites: ['st-marks'] }),
];
const window = anAnnouncement();
const listed = { maintenance: [{ ...window, rulings: rulings(window, contracts) }] };
const announcing: Readonly<Record<string, Handler>> = {
  'POST /v1/maintenance': { status: 202, body: { kind: 'accepted', id: 'kernel' } },
  'GET /v1/maintenance': { body: listed },
};
const announce = 'maintenance announce --from 2008-05-04T02:00:00+01:00 --to 2008-05-04T04:00:00+01:00';

/** etcd as somebody reads it when no daemon answers. */
const etcdWith = (records: readonly KeptRecord[]): EtcdReader => ({
  cluster: 'domain-1',
  read: async () =>
    ok({
      entries: new Map([
        ['config', { value: '{}' }],
        ...records.map(({ key, value }) => [key, { value: JSON.stringify(value) }] as const),
      ]),
    } as unknown as Snapshot),
});

describe('baton maintenance', () => {
  test('announce posts the window in UTC, and says what it means for each contract', async () => {
    const { exit, terminal, posted } = await baton(
      `${announce} --yes --reason kernel --site berkshire wexham`,
      announcing,
    );
    expect(exit).toBe(0);
    expect(posted).toEqual([
      {
        from: '2008-05-04T01:00:00.000Z',
        to: '2008-05-04T03:00:00.000Z',
        contracts: null,
        sites: ['berkshire', 'wexham'],
        by: 'ada@slough-a',
        reason: 'kernel',
      },
    ]);
    expect(terminal.stdout).toBe(`\
Announced as kernel. Call it off with \`baton maintenance cancel kernel\`.
    excluded      royal-berkshire: announced 9 days ahead, 7 days agreed; at
                  most 4 h in a calendar month
    COUNTS        st-marks: its terms exclude no maintenance`);
  });

  test('announce asks first, and announces nothing when the answer is no', async () => {
    const { exit, terminal, posted } = await baton(announce, announcing, { says: false });
    expect({ exit, posted, asked: terminal.asked }).toEqual({ exit: 3, posted: [], asked: ['Announce it?'] });
    expect(terminal.stderr).toContain('For:    everything that the cluster serves');
  });

  test('announce says before anybody agrees what it would mean for each contract', async () => {
    const handlers = { ...announcing, 'GET /v1/promises': { body: { sites, contracts } } };
    const ahead = (days: number) => new Date(Date.now() + days * day).toISOString();
    const windowIn = (days: number) => `maintenance announce --from ${ahead(days)} --to ${ahead(days + 0.1)}`;
    const early = await baton(`${windowIn(30)} --dry-run`, handlers);
    expect(early.terminal.stdout + early.terminal.stderr).toMatch(
      /If it is announced now:\n {4}excluded +royal-berkshire: announced 29 days ahead, 7 days agreed/,
    );
    const late = await baton(windowIn(2.5), handlers, { says: false });
    expect({ posted: late.posted, asked: late.terminal.asked }).toEqual({ posted: [], asked: ['Announce it?'] });
    expect(late.terminal.stderr).toContain('COUNTS        royal-berkshire: announced too late: 2 days ahead');
  });

  test('announce as a dry run announces nothing', async () => {
    const { exit, posted } = await baton(`${announce} --dry-run`, announcing);
    expect({ exit, posted }).toEqual({ exit: 0, posted: [] });
  });

  test('announce tells what the daemon refuses, and exits with 3', async () => {
    const refused = { kind: 'refused', condition: 'window-past', problem: 'it would begin in the past' };
    const { exit, terminal } = await baton(`${announce} --yes`, {
      'POST /v1/maintenance': { status: 412, body: refused },
    });
    expect(exit).toBe(3);
    expect(terminal.stderr).toContain('refused (window-past): it would begin in the past');
  });

  test.each([
    'maintenance announce --from tomorrow --to 2008-05-04T04:00:00Z',
    'maintenance announce --from 2008-05-04T02:00:00 --to 2008-05-04T04:00:00Z',
    'maintenance announce --to 2008-05-04T04:00:00Z',
    'maintenance cancel',
  ])('%s is a usage error', async (argv) => {
    expect((await baton(argv, announcing)).exit).toBe(2);
  });

  test('cancel names the window, who called it off and why', async () => {
    const handlers = {
      'POST /v1/maintenance/kernel/cancel': { status: 202, body: { kind: 'accepted', id: 'kernel' } },
    };
    const { exit, posted, terminal } = await baton('maintenance cancel kernel --yes --reason later', handlers);
    expect({ exit, posted }).toEqual({ exit: 0, posted: [{ by: 'ada@slough-a', reason: 'later' }] });
    expect(terminal.stdout).toBe('kernel is called off.');
  });

  test('list says who announced what when, and what it means', async () => {
    const { exit, terminal } = await baton('maintenance list', announcing);
    expect(exit).toBe(0);
    expect(terminal.stdout).toBe(`\
over        kernel
    2008-05-04 01:00 to 2008-05-04 03:00 UTC, for everything
    announced 2008-04-25 01:00 UTC by ada@slough-a: a new kernel
    excluded      royal-berkshire: announced 9 days ahead, 7 days agreed; at
                  most 4 h in a calendar month
    COUNTS        st-marks: its terms exclude no maintenance`);
  });

  test('list reads etcd when no daemon answers', async () => {
    const { id, announcedAt, by, from, to } = window;
    const announced = {
      kind: 'announced',
      id,
      at: announcedAt,
      by,
      from,
      to,
      contracts: null,
      sites: null,
      reason: '',
    } as const;
    const cancelled = { kind: 'cancelled', id, at: sunday - day, by: 'bob' } as const;
    const etcd = etcdWith([formatMaintenance(announced, 'kernel'), formatMaintenance(cancelled, '')]);
    const { exit, terminal } = await baton('maintenance list --json', null, { etcd });
    expect(exit).toBe(0);
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      source: 'etcd',
      maintenance: [{ id: 'kernel', reason: 'kernel', cancelledBy: 'bob' }],
    });
  });
});

describe('baton drill', () => {
  const drill: Readonly<Record<string, Handler>> = {
    'GET /v1/status': { body: healthyStatus },
    'POST /v1/drills': { status: 202, body: { kind: 'accepted', id: 'r-1' } },
    'GET /v1/requests/r-1': { body: { kind: 'done', leader: 'reading-b', tookMs: 163 } },
  };
  test('run is planned and followed like a switchover, and asks', async () => {
    const { exit, terminal, posted } = await baton('drill run --reason proof', drill, { says: true });
    expect(exit).toBe(0);
    expect(terminal.asked).toEqual(['Drill: make reading-b the primary?']);
    expect(terminal.stderr).toContain('It is a drill: it counts against the contracts');
    expect(terminal.stdout).toBe('Done: reading-b leads domain-1. It took 163 ms.');
    expect(posted).toEqual([
      { candidate: 'reading-b', leader: 'slough-a', term: 4711, by: 'ada@slough-a', reason: 'proof' },
    ]);
  });

  test('run without anybody to ask, and without --yes, moves nothing', async () => {
    const { exit, posted } = await baton('drill run', drill);
    expect({ exit, posted }).toEqual({ exit: 3, posted: [] });
  });

  test('run tells why the daemon refuses it', async () => {
    const refused = { kind: 'refused', condition: 'budget', problem: 'the downtime budget of north is short' };
    const { exit, terminal } = await baton('drill run --yes', {
      ...drill,
      'POST /v1/drills': { status: 412, body: refused },
    });
    expect(exit).toBe(3);
    expect(terminal.stderr).toContain('refused (budget): the downtime budget of north is short');
  });

  const entry: DrillEntry = {
    due: '2008-04-20T04:00:00.000Z',
    askedBy: null,
    outcome: 'done',
    says: 'reading-b leads',
    count: 1,
    incident: 'i-1',
    outageMs: 212,
    verdicts: { met: 2, breached: 0, excluded: 1, unmeasured: 0 },
  };
  const skipped: DrillEntry = {
    ...entry,
    due: '2008-04-27T04:00:00.000Z',
    outcome: 'skipped',
    says: 'the cluster is not redundant: no standby could take over without loss',
    incident: null,
    outageMs: null,
    verdicts: null,
  };
  test('list shows what each came to, why others were skipped, and what the last one proved', async () => {
    const { exit, terminal } = await baton('drill list', { 'GET /v1/drills': { body: { drills: [entry, skipped] } } });
    expect(exit).toBe(0);
    expect(terminal.stdout).toBe(`\
WHEN (UTC)        RESULT   OUTAGE  CONTRACTS          ASKED BY
2008-04-20 04:00  done     212 ms  2 met, 1 excluded  schedule
2008-04-27 04:00  skipped       -  -                  schedule

  2008-04-27 04:00 skipped: the cluster is not redundant: no standby could take
  over without loss

The last drill proved on Sunday, 20 April 2008 that the primary moves in 212 ms.`);
  });

  test('list is not wider than a terminal, whatever day it was', async () => {
    const wordy = { ...entry, due: '2008-09-24T04:00:00.000Z', outageMs: 1_239 };
    for (const drills of [[], [wordy]]) {
      const { terminal } = await baton('drill list', { 'GET /v1/drills': { body: { drills } } });
      expect(terminal.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });

  const claim: Run['claim'] = {
    job: 'drill',
    due: Date.parse(entry.due),
    at: Date.parse(entry.due),
    by: 'slough-a',
    from: Date.parse(entry.due),
    count: 1,
    what: 'skipped',
    askedBy: null,
    says: 'not redundant',
  };
  test('list and sla runs read etcd when no daemon answers', async () => {
    const etcd = etcdWith([formatClaim(claim)]);
    const drills = await baton('drill list --json', null, { etcd });
    expect(JSON.parse(drills.terminal.stdout)).toMatchObject({
      drills: [{ outcome: 'skipped', says: 'not redundant' }],
    });
    const runs = await baton('sla runs', null, { etcd });
    expect(runs.terminal.stdout).toContain('2008-04-20 04:00:00  drill  skipped  slough-a  not redundant');
  });
});

describe('documents of the contracts', () => {
  const reports = contractReports(
    {
      cluster: 'domain-1',
      sites,
      contracts: [contract],
      maintenance: [],
      rows: () => rows,
      incidents: [],
      nearMisses: [],
    },
    Date.parse('2008-05-02T00:00:00Z'),
    '2008-04',
  );
  const handlers = { 'GET /v1/reports?month=2008-04': { body: { reports } } };
  test.each<[format: string, text: string]>([
    ['md', reports.map(reportMarkdown).join('\n').trimEnd()],
    ['csv', reportCsv(reports).trimEnd()],
  ])('are printed byte by byte as %s', async (format, text) => {
    const { exit, terminal } = await baton(`sla report --month 2008-04 --format ${format}`, handlers);
    expect({ exit, text: terminal.stdout }).toEqual({ exit: 0, text });
  });

  test('are as JSON what the daemon answered', async () => {
    const { terminal } = await baton('sla report --month 2008-04 --format json', handlers);
    expect(JSON.parse(terminal.stdout)).toEqual(reports);
  });

  test('of one contract are that one alone, and an unknown one is told', async () => {
    const known = await baton('sla report --month 2008-04 --format html --contract hospital-records', handlers);
    expect(known.terminal.stdout).toMatch(/^<!doctype html>/);
    const unknown = await baton('sla report --month 2008-04 --format html --contract other', handlers);
    expect({ exit: unknown.exit, text: unknown.terminal.stderr }).toMatchObject({
      exit: 1,
      text: expect.stringContaining('Name one of: hospital-records.'),
    });
  });

  test('in a format that nobody knows are a usage error', async () => {
    expect((await baton('sla report --format pdf', handlers)).exit).toBe(2);
  });

  test('as OpenSLO are YAML documents, and what has no objective is told beside them', async () => {
    const silent = aContract({ id: 'silent' });
    const { exit, terminal } = await baton('sla export --openslo', {
      'GET /v1/promises': { body: { sites, contracts: [contract, silent] } },
      'GET /v1/status': { body: { cluster: 'domain-1' } },
    });
    expect(exit).toBe(0);
    expect(terminal.stdout.split('\n---\n')).toHaveLength(3);
    expect(terminal.stdout).toContain('  name: hospital-records');
    expect(terminal.stderr).toBe('left out: silent promises no availability, so there is no objective');
  });
});
