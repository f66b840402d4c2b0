import { describe, expect, test } from 'vitest';
import {
  type ContractReport,
  contractReports,
  type Reported,
} from '../../../../src/core/sla/report/contract-report.ts';
import { lossSentence } from '../../../../src/core/sla/report/loss-sentence.ts';
import { monthsOver } from '../../../../src/core/sla/report/months-over.ts';
import { reportCsv } from '../../../../src/core/sla/report/report-csv.ts';
import { reportHtml } from '../../../../src/core/sla/report/report-html.ts';
import { reportMarkdown } from '../../../../src/core/sla/report/report-markdown.ts';
import { judged } from '../../../../src/core/sla/verdict.ts';
import { minute } from '../../../../src/core/units.ts';
import { formatReport, parseReport } from '../../../../src/wire/contract-report.ts';
import { april, contract, outage, rows } from '../accounting/hospital-2008.ts';
import { wallMs } from '../../../../src/core/units.ts';
import { aMiss } from '../near-miss/a-near-miss.ts';
import { aContract, at, failover, fold, sites } from '../facts.ts';
import { anAnnouncement, day, hour } from '../maintenance/an-announcement.ts';

const incident = fold(failover).incident;
const [t0, t7] = [new Date(outage.from).toISOString(), new Date(outage.to).toISOString()];
/** The outage of 2008 as an incident: 44 minutes, and nobody could say what was lost. */
const morning = judged(
  {
    ...incident,
    id: 'domain-1-20080424-081500000-the-press',
    instants: {
      ...incident.instants,
      t0: { wall: t0, monoMs: 0, measured: true, uncertaintyMs: 0, by: '' },
      t7: { wall: t7, monoMs: outage.to - outage.from, measured: true, uncertaintyMs: 0, by: '' },
    },
    phases: { ...incident.phases, outage: outage.to - outage.from },
    loss: { bytesMax: null, timeMsMax: null, provedNone: false, basis: 'nobody could say' },
  },
  [contract],
  sites,
);
const reported: Reported = {
  cluster: 'domain-1',
  sites,
  contracts: [contract],
  maintenance: [],
  rows: (from, to) => rows.filter((row) => row.from < to && row.to > from),
  incidents: [morning],
  nearMisses: [aMiss({ until: wallMs(outage.from), headroomMs: 412, count: 3 }), aMiss({ until: wallMs(0) })],
};
const asOf = Date.parse('2008-05-01T05:00:00Z');
const reportOf = (changes: Partial<Reported> = {}, when = asOf, month = '2008-04'): ContractReport => {
  const [report] = contractReports({ ...reported, ...changes }, when, month);
  if (report === undefined) throw new Error('no report was made');
  return report;
};

describe('the report of April 2008', () => {
  const report = reportOf();

  test('reads like this as Markdown', async () => {
    await expect(reportMarkdown(report)).toMatchFileSnapshot('golden/april-2008.md.txt');
  });
  test('reads like this as HTML, with the month drawn in it', async () => {
    await expect(reportHtml([report])).toMatchFileSnapshot('golden/april-2008.html.txt');
  });
  test('is this row of CSV, whose lines end with CR LF', async () => {
    const csv = reportCsv([report]);
    expect(csv.split('\r\n')).toHaveLength(3);
    await expect(csv.replaceAll('\r\n', '\n')).toMatchFileSnapshot('golden/april-2008.csv.txt');
  });
  test('is this document, and stays what it is when it was kept', async () => {
    await expect(`${JSON.stringify(report, null, 2)}\n`).toMatchFileSnapshot('golden/april-2008.json.txt');
    const kept = formatReport(report, asOf, 'slough-a');
    expect(parseReport(JSON.parse(JSON.stringify(kept)))).toEqual(report);
    expect(parseReport({ ...kept, key: 'reports/another/2008-04' })).toBeNull();
  });
});

describe('a report', () => {
  test('of a month that is not over is provisional, and says so above everything else', () => {
    const early = reportOf({}, Date.parse('2008-04-24T12:00:00Z'));
    expect(early.provisional).toBe(true);
    expect(reportMarkdown(early)).toContain(
      '**Provisional: the month is not over; numbers are as of 2008-04-24T12:00:00.000Z.**',
    );
    expect(reportHtml([early])).toContain('class="provisional"');
    expect(reportCsv([early])).toContain(',true,');
  });

  test('has one account for each version of the terms that was in force', () => {
    const changed = Date.parse('2008-04-15T00:00:00+01:00');
    const contracts = [
      { ...contract, version: 1, validTo: new Date(changed).toISOString() },
      { ...contract, version: 2, validFrom: new Date(changed).toISOString() },
    ];
    const { accounts } = reportOf({ contracts });
    expect(accounts.map(({ contractVersion, countedMs }) => [contractVersion, countedMs])).toEqual([
      [1, 0],
      [2, 44 * minute],
    ]);
  });

  test('shows downtime in a window that was announced in time apart, and the overrun as counted', () => {
    const terms = { ...contract, exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } };
    const window = anAnnouncement({
      from: outage.from - hour,
      to: outage.to - 4 * minute,
      announcedAt: outage.from - 9 * day,
    });
    const report = reportOf({ contracts: [terms], maintenance: [window] });
    expect(report.stretches.map(({ what, from, to }) => [what, to - from])).toEqual([
      ['excluded', 40 * minute],
      ['counted', 4 * minute],
    ]);
    expect(report.maintenance).toMatchObject([{ id: 'kernel', excluded: true }]);
    expect(reportMarkdown(report)).toContain('yes: announced 8 days ahead, 7 days agreed');
  });

  test('draws what nobody measured, and what has not been yet as an outline', () => {
    const report = reportOf({ rows: () => [] }, Date.parse('2008-04-10T00:00:00+01:00'));
    expect(report.stretches).toEqual([
      { what: 'unmeasured', from: april.from, to: Date.parse('2008-04-10T00:00:00+01:00') },
    ]);
    expect(reportHtml([report])).toContain('fill="none"');
  });

  test('says what it had no room to list', () => {
    const many = Array.from({ length: 90 }, (_, index) => ({ ...morning, id: `i-${index}` }));
    const report = reportOf({ incidents: many });
    expect(report.leftOut.incidents).toBe(10);
    expect(report.incidents).toHaveLength(80);
    expect(reportMarkdown(report)).toContain('Not listed for want of room, but counted: 10 incidents.');
    expect(JSON.stringify(formatReport(report, asOf, 'slough-a')).length).toBeLessThan(64 * 1024);
  });

  test('is not made of a contract that was in force at no time of the month', () => {
    const later = { ...contract, validFrom: '2008-06-01T00:00:00Z' };
    expect(contractReports({ ...reported, contracts: [later] }, asOf, '2008-04')).toEqual([]);
  });

  test('leaves out the incidents of other months and other contracts', () => {
    expect(reportOf({}, asOf, '2008-05').incidents).toEqual([]);
    const other = aContract({ id: 'other', sites: ['wexham'] });
    const [, second] = contractReports({ ...reported, contracts: [contract, other] }, asOf, '2008-04');
    expect(second?.incidents).toEqual([]);
  });

  const evil = '<script>alert("x")</script> & | `a` [b](c)\u001b[31m\r\n=1+1';
  const hostile = () =>
    reportOf({
      contracts: [{ ...contract, customer: evil }],
      sites: sites.map((site) => ({ ...site, name: evil })),
      maintenance: [anAnnouncement({ from: outage.from, to: outage.to, reason: evil })],
    });
  test('carries nothing into HTML that a browser would take for more than text', () => {
    const html = reportHtml([hostile()]);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; |');
    expect(html).not.toMatch(/[^\P{Cc}\n]/u);
    expect(html).not.toMatch(/(src|href)=/);
  });
  test('carries nothing into Markdown that is a cell, a link or HTML there', () => {
    const markdown = reportMarkdown(hostile());
    expect(markdown).not.toContain('<script>');
    expect(markdown).toContain('\\<script\\>alert("x")\\</script\\> & \\| \\`a\\` \\[b\\](c) \\[31m =1+1');
  });
  test('carries no formula into a spreadsheet, and quotes what needs it', () => {
    const csv = reportCsv([
      { ...reportOf(), customer: '=HYPERLINK("http://x")' },
      { ...reportOf(), customer: 'a, "b"\r\nc' },
    ]);
    expect(csv).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(csv).toContain('"a, ""b"" c"');
    expect(csv.split('\r\n')).toHaveLength(4);
  });
});

describe('whether anything that a user saw saved was lost', () => {
  const sure = { id: 'a', nothingLost: true, lostBytesMax: 0 };
  const some = { id: 'b', nothingLost: false, lostBytesMax: 2_640_000 };
  const unknown = { id: 'c', nothingLost: false, lostBytesMax: null };
  type Lost = (typeof some | typeof unknown) & { readonly lostRows?: string };
  test.each<[incidents: Lost[], unmeasuredMs: number, provisional: boolean, says: string]>([
    [[], 0, false, 'Nothing that a user saw saved was lost.'],
    [[sure], 0, true, 'Nothing that a user saw saved was lost so far.'],
    [
      [sure],
      90 * minute,
      false,
      'Nothing that a user saw saved was lost, as far as was measured (1 h 30 min was not).',
    ],
    [[sure, some], 0, false, 'At most 2,640,000 bytes of what users saw saved may be lost: see b.'],
    [[some, unknown], 0, false, 'Whether anything that a user saw saved was lost is not known: see c.'],
    [
      ['p', 'q', 'r', 's'].map((id) => ({ ...some, id, lostBytesMax: 1 })),
      0,
      false,
      'At most 4 bytes of what users saw saved may be lost: see p, q, r and 1 more.',
    ],
    [
      [{ ...some, lostRows: '3 transactions with 5 rows in 1 table (public.notes)' }],
      0,
      false,
      'At most 2,640,000 bytes of what users saw saved may be lost: see b (3 transactions with 5 rows in 1 table (public.notes)).',
    ],
    [
      [some, { ...unknown, lostRows: 'at least 1 transaction with 1 row in 1 table (public.notes)' }],
      0,
      true,
      'Changes that users saw saved may be lost so far: see b and c (at least 1 transaction with 1 row in 1 table (public.notes)).',
    ],
  ])('is one sentence', (incidents, unmeasuredMs, provisional, says) => {
    expect(lossSentence(incidents, unmeasuredMs, provisional)).toBe(says);
  });
});

describe('the months that a run reports', () => {
  const over = (from: string, due: string) => monthsOver('Europe/London', Date.parse(from), Date.parse(due));
  test.each<[says: string, from: string, due: string, months: string[]]>([
    ['are the one before', '2008-05-01T05:00:00Z', '2008-05-01T05:00:00Z', ['2008-04']],
    ['are the one before, also late in a month', '2008-05-31T05:00:00Z', '2008-05-31T05:00:00Z', ['2008-04']],
    [
      'are all since the first run that was missed',
      '2008-03-01T06:00:00Z',
      '2008-05-01T05:00:00Z',
      ['2008-02', '2008-03', '2008-04'],
    ],
    ['end with the month of the zone, not of UTC', '2008-04-30T22:59:00Z', '2008-04-30T22:59:00Z', ['2008-03']],
    ['begin with the month of the zone', '2008-04-30T23:00:00Z', '2008-04-30T23:00:00Z', ['2008-04']],
  ])('%s', (_says, from, due, months) => {
    expect(over(from, due)).toEqual(months);
  });
  test('are at most those of two years', () => {
    expect(over('2001-01-01T00:00:00Z', '2008-05-01T05:00:00Z')).toHaveLength(24);
  });
});

test('the facts of the tests are of April', () => {
  expect(at(0).wall).toBe(outage.from);
});
