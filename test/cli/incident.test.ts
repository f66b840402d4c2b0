/** `baton incident`: what people add, what they get out, and what they are told when it cannot be. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextEntry } from '../../src/adapters/journal/ledger-chain.ts';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { ok } from '../../src/core/result.ts';
import { AMENDABLE } from '../../src/core/sla/case/amendable.ts';
import { caseKey } from '../../src/core/sla/case/case-entry.ts';
import { CASE_RULES } from '../../src/core/sla/case/may-add.ts';
import { exportHtml } from '../../src/core/sla/export/html.ts';
import type { Snapshot } from '../../src/ports/coordinator.ts';
import type { LedgerEntry } from '../../src/ports/ledger.ts';
import { formatCaseValue } from '../../src/wire/case-entry.ts';
import { closed, incident2008, looked } from '../core/sla/case/a-case.ts';
import {
  anExport,
  bundle,
  divergedPart,
  entries2008,
  ledgerOf,
  proofOf,
  text2008,
} from '../core/sla/export/an-export.ts';
import type { Handler } from './fake-api.ts';
import { openIncident } from './fixtures.ts';
import { baton } from './run-baton.ts';

const { id } = incident2008;
type Handlers = Readonly<Record<string, Handler>>;
const listed = (entries = looked, incident = incident2008): Handlers => ({
  'GET /v1/incidents': { body: { incidents: [incident], cases: [{ incident: incident.id, entries }] } },
});
const taken: Handler = { status: 202, body: { kind: 'accepted', id: '20080424T120000000Z-1f2e3d4c' } };
const taking = (path: string, entries = looked): Handlers => ({
  ...listed(entries),
  [`POST /v1/incidents/${id}/${path}`]: taken,
});
const held = (keys: Readonly<Record<string, unknown>>): EtcdReader => ({
  cluster: 'domain-1',
  read: async () =>
    ok({
      entries: new Map(Object.entries(keys).map(([key, value]) => [key, { value: JSON.stringify(value) }])),
    } as unknown as Snapshot),
});
const inEtcd = held({
  [`incidents/${id}`]: incident2008,
  ...Object.fromEntries(closed.map((each) => [caseKey(id, each.id), formatCaseValue(each)])),
  [caseKey(id, 'odd')]: { at: 'yesterday' },
});

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-incident-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string) => join(directory, name);

describe('what people add is sent once, with who adds it:', () => {
  const verbs: readonly (readonly [argv: readonly string[], path: string, body: unknown, entries?: typeof looked])[] = [
    [['ack', id, '--note', 'on my way'], 'ack', { note: 'on my way' }, []],
    [['note', 'last', 'two  blanks stay'], 'note', { text: 'two  blanks stay' }],
    [
      ['cause', id, '--trigger', 'a', '--root-cause', 'b', '--factor', 'c', '--factor', 'd'],
      'cause',
      { trigger: 'a', rootCause: 'b', factors: ['c', 'd'] },
    ],
    [
      ['action', 'add', id, 'a feed', '--owner', 'bob', '--due', '2999-05-01'],
      'actions',
      { text: 'a feed', owner: 'bob', due: '2999-05-01' },
    ],
    [['action', 'done', id, '1', '--note', 'tested'], 'actions/1/done', { note: 'tested' }, looked.slice(0, 4)],
    [['review', id, 'well done'], 'review', { text: 'well done' }],
    [['sign-off', id, '--yes'], 'sign-off', { note: '' }],
    [
      ['amend', id, '--set', 'loss.bytesMax=4KiB', '--set', 'loss.timeMsMax=4s', '--reason', 'why', '--yes'],
      'amendments',
      {
        reason: 'why',
        changes: [
          { field: 'loss.bytesMax', from: '0', to: '4096' },
          { field: 'loss.timeMsMax', from: '0', to: '4000' },
        ],
      },
    ],
    [
      [
        'amend',
        id,
        '--set',
        'instants.t0=2008-04-24T09:20:00+01:00',
        '--set',
        'affectedSites=wexham',
        '--reason',
        'why',
        '--yes',
      ],
      'amendments',
      {
        reason: 'why',
        changes: [
          { field: 'instants.t0', from: '"2008-04-24T08:15:00.000Z"', to: '"2008-04-24T08:20:00.000Z"' },
          {
            field: 'affectedSites',
            from: JSON.stringify(incident2008.affectedSites.map((site) => site.id)),
            to: '["wexham"]',
          },
        ],
      },
    ],
  ];
  test.for(verbs)('$0', async ([argv, path, body, entries]) => {
    const { exit, terminal, posted } = await baton(['incident', ...argv], taking(path, entries));
    expect(exit, terminal.stderr).toBe(0);
    expect(posted).toEqual([{ by: 'ada@slough-a', ...(body as object) }]);
    expect(terminal.stdout).toContain(id);
  });
});

describe('refused, with what to do, and nothing is sent:', () => {
  const verbs: readonly (readonly [argv: string, exit: number, code: string, entries?: typeof looked])[] = [
    ['ack nope', 3, 'no-such-incident'],
    [`amend ${id} --set loss.bytesMax=1 --yes`, 3, 'reason-given', closed],
    [`ack ${id}`, 3, 'not-acknowledged'],
    [`note ${id} late`, 3, 'not-signed-off', closed],
    [`action done ${id} 7`, 3, 'action-known'],
    [`sign-off ${id} --yes`, 3, 'questions-answered', []],
    [`sign-off ${id}`, 3, 'confirmed'],
    [`amend ${id} --set loss.bytesMax=1 --reason r`, 3, 'confirmed'],
    [`amend ${id} --set phases.outage=1 --reason r --yes`, 2, 'usage'],
    [`amend ${id} --set instants.t7=09:59 --reason r --yes`, 2, 'usage'],
    [`amend ${id} --set instants.t7=2008-04-24T09:59:00 --reason r --yes`, 2, 'usage'],
    [`amend ${id} --set nonsense --reason r --yes`, 2, 'usage'],
    [`amend ${id} --reason r --yes`, 2, 'usage'],
    [`action add ${id} x --owner bob --due tomorrow`, 2, 'usage'],
    [`action done ${id} one`, 2, 'usage'],
    [`cause ${id} --trigger x`, 2, 'usage'],
    [`export ${id} --format pdf`, 2, 'usage'],
    ['action', 2, 'usage'],
  ];
  test.for(verbs)('%s', async ([argv, exit, code, entries]) => {
    const ran = await baton(`incident ${argv} --json`, listed(entries));
    expect(ran.exit).toBe(exit);
    expect(ran.posted).toEqual([]);
    const { error } = JSON.parse(ran.terminal.stdout);
    expect(error).toMatchObject({ code, problem: expect.stringMatching(/./), hint: expect.stringMatching(/./) });
  });

  test('what the daemon refuses is refused in its words', async () => {
    const refusing: Handler = { status: 412, body: { kind: 'refused', condition: 'room', problem: 'it is full' } };
    const { exit, terminal } = await baton(['incident', 'note', id, 'x'], {
      ...listed(),
      [`POST /v1/incidents/${id}/note`]: refusing,
    });
    expect([exit, terminal.stderr]).toEqual([3, expect.stringContaining('refused (room): it is full')]);
  });

  test('a dry run shows what would be added', async () => {
    const { exit, terminal, posted } = await baton(`incident sign-off ${id} --dry-run`, taking('sign-off'));
    expect([exit, posted]).toEqual([0, []]);
    expect(terminal.stdout).toContain('Dry run: nothing was changed.');
  });

  test('nobody adds anything where no daemon answers, and whoever lost the answer looks first', async () => {
    expect((await baton(`incident ack ${id}`, null, { etcd: inEtcd })).exit).toBe(4);
    const lost = await baton(`incident note ${id} x`, { ...listed(), [`POST /v1/incidents/${id}/note`]: 'hang-up' });
    expect([lost.exit, lost.terminal.stderr]).toEqual([5, expect.stringContaining(`\`baton incident show ${id}\``)]);
  });
});

describe('a case is shown', () => {
  test('with its incident, from the daemon and from etcd alike', async () => {
    const asked = await baton(`incident show ${id}`, listed(closed));
    const read = await baton(`incident show ${id}`, null, { etcd: inEtcd });
    for (const { exit, terminal } of [asked, read]) {
      expect(exit).toBe(0);
      for (const part of [
        'Case: signed off',
        'noted: switch 3 in rack 7 was dark',
        'root cause  one power feed',
        '1   done',
      ])
        expect(terminal.stdout).toContain(part);
    }
  });

  test('as JSON: the incident as amended, and the case beside it', async () => {
    const { terminal } = await baton(`incident show ${id} --json`, listed(entries2008));
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      id,
      loss: { bytesMax: 4096 },
      case: { state: 'acknowledged', cause: { by: 'ada@slough-a' }, signOffsBefore: [{ by: 'dan@slough-a' }] },
      recurrences: { trigger: 'host-silent' },
    });
  });

  test('in the list: its state, what is to be done, and what had the same trigger', async () => {
    const wall = '2008-05-01T08:15:00.000Z';
    const t0 = incident2008.instants.t0;
    const again = {
      ...incident2008,
      id: 'domain-1-20080501',
      instants: { ...incident2008.instants, t0: t0 && { ...t0, wall } },
    };
    const body = {
      incidents: [incident2008, again],
      cases: [{ incident: again.id, entries: looked.slice(0, 4) }],
    };
    const { terminal } = await baton('incident list', { 'GET /v1/incidents': { body } });
    expect(terminal.stdout.replaceAll(/\s+/g, ' ')).toContain(`same trigger as ${id}, acknowledged, 1 action open`);
    const asJson = await baton('incident list --json', { 'GET /v1/incidents': { body } });
    expect(JSON.parse(asJson.terminal.stdout).cases).toMatchObject([
      { incident: id, state: 'not acknowledged', sameTrigger: [] },
      { incident: again.id, state: 'acknowledged', acknowledgedBy: 'ada@slough-a', actionsOpen: 1, sameTrigger: [id] },
    ]);
  });
});

describe('export', () => {
  const document = anExport();
  const served: Handlers = {
    ...listed(entries2008),
    [`GET /v1/incidents/${id}/export?format=json`]: { body: document },
  };

  test('writes what the ending of the file says, and verify reads the JSON of it', async () => {
    for (const name of ['a.json', 'a.md', 'a.html']) {
      const { exit, terminal } = await baton(['incident', 'export', id, '--to', file(name)], served);
      expect([exit, terminal.stdout]).toEqual([0, expect.stringContaining(document.recordSha256)]);
    }
    expect(readFileSync(file('a.html'), 'utf8')).toBe(exportHtml(document));
    expect(readFileSync(file('a.md'), 'utf8')).toContain('## Timeline');
    const { exit, terminal } = await baton(['incident', 'verify', file('a.json')], null);
    expect([exit, terminal.stdout]).toEqual([0, expect.stringContaining('is sound')]);
    for (const part of [document.recordSha256, 'Proved', 'Not proved by this file alone'])
      expect(terminal.stdout).toContain(part);
  });

  test('says where to make one that proves more, on a member that did not record it', async () => {
    const whole = proofOf(incident2008, entries2008);
    const ledger = { ...whole, member: 'slough-a', entries: whole.entries.filter(({ kind }) => kind === 'record') };
    const body = anExport(incident2008, entries2008, ledger);
    const { terminal } = await baton(`incident export ${id} --format json`, {
      ...served,
      [`GET /v1/incidents/${id}/export?format=json`]: { body },
    });
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain('reading-b recorded it. An export that is made there');
  });

  test('overwrites nothing', async () => {
    writeFileSync(file('a.md'), 'what somebody was sent');
    const { exit } = await baton(['incident', 'export', id, '--to', file('a.md')], served);
    expect([exit, readFileSync(file('a.md'), 'utf8')]).toEqual([3, 'what somebody was sent']);
  });

  test('prints Markdown, or what --format says; with --json the document', async () => {
    expect((await baton(`incident export ${id}`, served)).terminal.stdout).toMatch(/^# Incident/);
    const { terminal } = await baton(`incident export ${id} --format json`, served);
    expect(`${terminal.stdout}\n`).toBe(text2008);
    const asJson = await baton(`incident export ${id} --format json --json`, served);
    expect(JSON.parse(asJson.terminal.stdout)).toEqual(JSON.parse(text2008));
  });

  test('is made from etcd when no daemon answers, and says that it proves nothing', async () => {
    const { exit, terminal } = await baton(['incident', 'export', id, '--to', file('a.json')], null, { etcd: inEtcd });
    expect([exit, terminal.stderr]).toEqual([0, expect.stringContaining('proves nothing')]);
    const check = await baton(['incident', 'verify', file('a.json')], null);
    expect([check.exit, check.terminal.stdout]).toEqual([0, expect.stringContaining('carries no entries of a')]);
  });
});

describe('verify', () => {
  const verified = (text: string, ...more: string[]) => {
    writeFileSync(file('e.json'), text);
    return baton(['incident', 'verify', file('e.json'), ...more], null);
  };
  test('names the entry in which one byte was flipped', async () => {
    const { exit, terminal } = await verified(text2008.replaceAll('switch 3 in', 'switch 2 in'));
    expect([exit, terminal.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringContaining('entry 5 of the ledger'),
    ]);
  });
  test('says near which entry a file stops being JSON', async () => {
    const at = text2008.indexOf('"kind": "record"');
    const { exit, terminal } = await verified(`${text2008.slice(0, at)}#${text2008.slice(at + 1)}`);
    expect([exit, terminal.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringMatching(/no JSON from line \d+ on, in or after/),
    ]);
  });
  test('compares with a ledger of its own, and finds another one', async () => {
    const lines = ledgerOf(incident2008, entries2008).map((each) => `${JSON.stringify(each)}\n`);
    writeFileSync(file('ledger.ndjson'), lines.join(''));
    const same = await verified(text2008, '--ledger', file('ledger.ndjson'));
    expect([same.exit, same.terminal.stdout.replaceAll(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringContaining('in a chain of 13 entries'),
    ]);
    writeFileSync(file('ledger.ndjson'), lines.toSpliced(4, 1).join(''));
    const other = await verified(text2008, '--ledger', file('ledger.ndjson'));
    expect([other.exit, other.terminal.stderr]).toEqual([1, expect.stringContaining('has no entry 4')]);
  });
  test('compares with all the segments of a ledger, and says which entries it keeps no longer', async () => {
    const entries = ledgerOf(incident2008, entries2008);
    const lines = entries.map((each) => `${JSON.stringify(each)}\n`);
    mkdirSync(file('ledger'));
    const segment = (first: number, text: string) =>
      writeFileSync(file(`ledger/ledger-${String(first).padStart(12, '0')}.ndjson`), text);
    segment(0, lines.slice(0, 3).join(''));
    segment(3, lines.slice(3, 8).join(''));
    const last = entries.at(-1) as LedgerEntry;
    const dropped = nextEntry({ entries: last.seq + 1, lastHash: last.hash }, last.wall, 'segment-dropped', {
      ...{ v: 1, first: 0, last: 2, lastHash: entries[2]?.hash, bytes: 100, why: 'age' },
      ...{ from: last.wall, to: last.wall },
    });
    writeFileSync(file('ledger/ledger.ndjson'), [...lines.slice(8), dropped.line].join(''));
    const compare = async () => {
      const { exit, terminal } = await verified(text2008, '--ledger', file('ledger'));
      return { exit, out: terminal.stdout.replaceAll(/\s+/g, ' '), err: terminal.stderr.replaceAll(/\s+/g, ' ') };
    };
    expect(await compare()).toMatchObject({ exit: 0, out: expect.stringContaining('in a chain of 14 entries') });
    rmSync(file('ledger/ledger-000000000000.ndjson'));
    const kept = await compare();
    expect(kept.exit).toBe(0);
    expect(kept.out).toContain(`10 of 12 entries stand in ${file('ledger')}`);
    expect(kept.out).toMatch(/Not proved .* that entries 0, 2 stood in .*: it keeps those from 3 on/);
    rmSync(file('ledger/ledger-000000000003.ndjson'));
    const gone = await compare();
    expect([gone.exit, gone.err]).toEqual([
      1,
      expect.stringContaining('the chain begins with entry 8, and no entry accounts for those from 3 on before it'),
    ]);
    const alone = await verified(text2008, '--ledger', file('ledger/ledger.ndjson'));
    expect([alone.exit, alone.terminal.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringContaining('begins with entry 8'),
    ]);
  });
  test.each([
    ['what is not there', null, 1, 'not-read'],
    ['HTML', exportHtml(anExport()), 1, 'not-json'],
    ['other JSON', '{"hello": "world"}', 1, 'not-sound'],
    ['nothing', '', 1, 'not-json'],
  ])('says what to do with %s', async (_says, text, exit, code) => {
    if (text !== null) writeFileSync(file('x'), text);
    const ran = await baton(['incident', 'verify', file('x'), '--json'], null);
    expect([ran.exit, JSON.parse(ran.terminal.stdout).error.code]).toEqual([exit, code]);
  });
});

describe('statement', () => {
  const sentence = 'There was an incident from 09:15 until 09:59 on 24 April 2008.';
  const path = `GET /v1/incidents/${id}/statement?service=the%20records`;
  test('prints the sentence alone, to be copied', async () => {
    const { terminal } = await baton(['incident', 'statement', 'last', '--service', 'the records'], {
      ...listed(),
      [path]: { body: { statements: [{ timeZone: 'Europe/London', sites: [], text: sentence, loss: 'None.' }] } },
    });
    expect(terminal.stdout).toBe(`${sentence} None.`);
    expect(terminal.stderr).toContain('A draft');
  });
  test('is drafted from etcd in UTC where the configuration says no zone', async () => {
    const { terminal } = await baton(`incident statement ${id}`, null, { etcd: inEtcd });
    expect(terminal.stdout).toBe(
      "There was an incident from 08:15 until 08:59 on 24 April 2008, affecting users of domain-1 in Royal Berkshire, Wexham Park, Heatherwood and St Mark's, Maidenhead. Nothing that a user saw saved was lost.",
    );
  });
});

describe('evidence', () => {
  const bundles = [
    { ...bundle, member: 'slough-a', at: '2008-04-24T09:05:00.000Z', moment: 'after', parts: [divergedPart] },
    bundle,
  ];
  const path = `GET /v1/incidents/${id}/evidence`;
  const served = { ...listed(), [path]: { body: { incident: id, tail: null, evidence: bundles } } };

  test('is printed line by line, with what was cut off and what could not be read', async () => {
    const { terminal } = await baton(['incident', 'evidence', 'last'], served);
    expect(terminal.stdout).toContain('reading-b, around the outage, collected 2008-04-24T09:00:00.000Z');
    expect(terminal.stdout).toContain('    (the first 7 of 9 lines were left out)');
    expect(terminal.stdout).toContain('    LOG:  received promote request');
    expect(terminal.stdout).toContain('    hospital: public.notes: rows 5 inserted');
  });

  test('of one member, and of one that has none', async () => {
    const one = await baton(['incident', 'evidence', 'last', '--member', 'slough-a', '--json'], served);
    expect(JSON.parse(one.terminal.stdout)).toMatchObject({ incident: id, evidence: [{ member: 'slough-a' }] });
    const none = await baton(['incident', 'evidence', 'last', '--member', 'x'], served);
    expect(none.exit).toBe(1);
    expect(none.terminal.stderr).toContain('These have: slough-a, reading-b.');
  });

  test('is read from etcd when no daemon answers, oldest first', async () => {
    const etcd = held({
      [`incidents/${id}`]: incident2008,
      ...Object.fromEntries(bundles.map((each) => [`evidence/${id}/${each.member}-${each.moment}`, each])),
      [`evidence/${id}/odd`]: { at: 'yesterday' },
    });
    const { terminal } = await baton(`incident evidence ${id} --json`, null, { etcd });
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      source: 'etcd',
      evidence: [{ member: 'reading-b' }, { member: 'slough-a' }],
    });
  });

  test('that nobody has is said', async () => {
    const { terminal } = await baton(['incident', 'evidence', 'last'], {
      ...served,
      [path]: { body: { evidence: [] } },
    });
    expect(terminal.stdout).toMatch(/^No member kept evidence/);
  });

  test('is summed up by show, which says what was lost', async () => {
    const lossy = { ...incident2008, loss: { bytesMax: 1_024, timeMsMax: 500, provedNone: false, basis: 'mode off' } };
    const { terminal } = await baton(['incident', 'show', 'last'], { ...served, ...listed(looked, lossy) });
    expect(terminal.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Changes that users saw saved may be lost: 3 transactions with 5 rows in 1 table (public.notes), of the last 500 ms before the failure, at most 1,024 bytes of the write-ahead log (mode off).',
    );
    expect(terminal.stdout).toContain('Found on the hosts');
    expect(terminal.stdout).toContain('reading-b, around the outage: postgres-log 2 lines (cut)');
    const { terminal: json } = await baton(['incident', 'show', 'last', '--json'], {
      ...served,
      ...listed(looked, lossy),
    });
    expect(JSON.parse(json.stdout)).toMatchObject({
      lost: expect.stringContaining('public.notes'),
      evidenceFound: [{ member: 'slough-a' }, { member: 'reading-b', parts: [{ from: 'postgres-log', lines: 2 }] }],
    });
  });
});

test('a note is taken while the outage goes on, and a review is not', async () => {
  const handlers = { ...listed([], openIncident), [`POST /v1/incidents/${openIncident.id}/note`]: taken };
  expect((await baton('incident note last x', handlers)).exit).toBe(0);
  expect((await baton('incident review last x', handlers)).exit).toBe(3);
});

test('the manual names every field that can be amended and everything that can be refused', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
  const fields = [...AMENDABLE.keys()].filter((field) => !field.startsWith('instants.'));
  expect([...fields, ...CASE_RULES].filter((name) => !manual.includes(`\`${name}\``))).toEqual([]);
});
