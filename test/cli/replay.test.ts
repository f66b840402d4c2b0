/** `baton replay` and `baton sla near-misses`: what a person reads, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { ok } from '../../src/core/result.ts';
import { wallMs } from '../../src/core/units.ts';
import type { Snapshot } from '../../src/ports/coordinator.ts';
import { formatNearMiss, nearMissRecord } from '../../src/wire/near-miss.ts';
import { ago, answers } from '../core/a-view.ts';
import { at, leads } from '../core/doubt/views.ts';
import { frozen, journalText } from '../core/replay/a-journal.ts';
import { aMiss, morning } from '../core/sla/near-miss/a-near-miss.ts';
import { baton } from './run-baton.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-replay-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const written = (text: string, name = '20260101-000000000-1') =>
  writeFileSync(join(directory, `journal-${name}.ndjson`), text);
const replay = (args: string) => baton(`replay --journal ${directory}${args === '' ? '' : ` ${args}`}`, null);

describe('baton replay', () => {
  test('says which failovers nobody would have needed, and what is not known', async () => {
    written(journalText(frozen(1_200)));
    const { exit, terminal } = await replay('--set failover.hang=1s');
    expect(exit).toBe(0);
    expect(terminal.stdout.replace(directory, '/journal')).toBe(`\
Journal:  /journal: 14 decisions of a
From:     2025-12-31 23:59:59 to 2026-01-01 00:00:01 UTC
Tried:    failover.hang 1s instead of 1500ms

NEEDLESS FAILOVERS: 1
TIME (UTC)      WHAT                  RULE        HEALED          DECLARED
01-01 00:00:00  fresh connections f…  fence-hung   1.2 s  950 ms to 1.05 s

FAILOVERS THAT HAPPENED: 0

NEAR MISSES: 0

NOT KNOWN
- After a decision that was not really taken the world would have been another
  one: its cost, and whatever followed, is in no journal. Each member has its
  own journal: replay them all.`);
  });

  test('with the limits that were in force has the near misses that really were', async () => {
    written(journalText(frozen(1_200)));
    const { terminal } = await replay('');
    expect(terminal.stdout).toContain(`\
NEEDLESS FAILOVERS: 0

FAILOVERS THAT HAPPENED: 0

NEAR MISSES: 1
TIME (UTC)      WHAT                  RULE        LASTED          HEADROOM
01-01 00:00:00  fresh connections f…  fence-hung   1.2 s  300 ms to 350 ms`);
  });

  test('tells of each failover that happened how much sooner it would have been declared', async () => {
    written(
      journalText([...frozen(1_500).slice(0, -1), at(1_530, leads({ failingSinceMono: ago(0) }, { peer: answers }))]),
    );
    const sooner = await replay('--set failover.hang=1s');
    expect(sooner.terminal.stdout).toContain('FAILOVERS THAT HAPPENED: 1, outage saved: 480 ms to 580 ms');
    expect(sooner.terminal.stdout).toContain('01-01 00:00:00  fence-hung  1.53 s  480 ms to 580 ms sooner');
    const longer = await replay('--set failover.hang=4s');
    expect(longer.terminal.stdout).toContain('fence-hung  1.53 s  ~ 2.47 s later');
  });

  test('leaves out lines that cannot be read, says where they are, and goes on', async () => {
    const text = journalText(frozen(1_200));
    written(`no json\n{"v":2}\n${text}${text.slice(0, 100)}`);
    const { exit, terminal } = await replay('--json');
    expect(exit).toBe(0);
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      decisions: 14,
      needless: 0,
      perhapsNeedless: 0,
      failovers: 0,
      unreadable: {
        count: 3,
        examples: [
          expect.stringContaining(':1: not a JSON object'),
          expect.stringContaining(':2: version 2'),
          expect.any(String),
        ],
      },
      doubts: [{ about: 'a', needless: false, sooner: null, would: { kind: 'not' } }],
    });
  });

  test('since an instant begins with what was well before it', async () => {
    const views = frozen(1_200);
    written(journalText(views));
    const all = await replay('--since 2026-01-01T00:00:00Z --json');
    expect(JSON.parse(all.terminal.stdout)).toMatchObject({
      decisions: 13,
      doubts: [{ really: { kind: 'healed' } }],
      unknown: [],
    });
    const none = await replay('--since 1s');
    expect([none.exit, none.terminal.stdout]).toEqual([0, expect.stringContaining('No decision was journalled')]);
  });

  test.each([
    ['--set lease.tll=3s', 2, 'did you mean lease.ttl?'],
    ['--set failover.hang=1ms', 2, 'failover.hang'],
    ['--since yesterday', 2, 'Write an instant'],
    ['--journal /nowhere/journal', 1, '/nowhere/journal cannot be read'],
  ])('%s is refused with exit code %i', async (args, code, says) => {
    written(journalText(frozen(1_200)));
    const { exit, terminal } = await replay(args);
    expect([exit, terminal.stderr.replaceAll(/\s+/g, ' ')]).toEqual([code, expect.stringContaining(says)]);
  });

  test('an empty directory holds no journal', async () => {
    const { exit, terminal } = await replay('--json');
    expect([exit, JSON.parse(terminal.stdout)]).toMatchObject([1, { error: { code: 'no-journal' } }]);
  });

  test('without a configuration or a directory it does not know where to look', async () => {
    expect((await baton('replay', null)).exit).toBe(2);
  });
});

describe('baton sla near-misses', () => {
  const misses = [
    aMiss({ count: 3 }),
    aMiss({
      at: wallMs(morning + 60_000),
      until: wallMs(morning + 60_400),
      signs: ['postgres-timed-out'],
      seenBy: 'b',
      as: 'candidate',
      lastedMs: 400,
      rule: null,
      headroomMs: null,
      closestAfterMs: null,
    }),
  ];
  const list = `\
TIME (UTC)      SEEN BY  WHAT                         LASTED  HEADROOM  USED
04-24 09:10:00  a        fresh connections failed x3   1.2 s    300 ms  80 %
04-24 09:11:00  b        probes of postgres timed o…  400 ms         -     -

4 doubts healed; the closest had 300 ms left until fence-hung.`;

  test('lists when, what, for how long, and what was left', async () => {
    const { exit, terminal } = await baton('sla near-misses', {
      'GET /v1/near-misses': { body: { nearMisses: misses.map(formatNearMiss) } },
    });
    expect([exit, terminal.stdout]).toEqual([0, list]);
  });

  test('asks only for those since', async () => {
    const handlers = { 'GET /v1/near-misses?since=2008-04-24T08%3A11%3A00.000Z': { body: { nearMisses: [] } } };
    const { terminal } = await baton('sla near-misses --since 2008-04-24T09:11:00+01:00', handlers);
    expect(terminal.stdout).toBe('No near miss is known.');
  });

  test('reads them from etcd when no daemon answers', async () => {
    const entries = new Map(
      misses.map((miss) => [nearMissRecord(miss).key, { value: JSON.stringify(nearMissRecord(miss).value) }]),
    );
    const etcd: EtcdReader = { cluster: 'domain-1', read: async () => ok({ entries } as unknown as Snapshot) };
    const { terminal } = await baton('sla near-misses --since 2008-04-24T09:11:00Z --json', null, { etcd });
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      source: 'etcd',
      nearMisses: [{ seenBy: 'b', at: '2008-04-24T09:11:00.000Z' }],
    });
  });
});
