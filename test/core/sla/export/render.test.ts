/** Exports as people get them: goldens of the incident of 2008, and nothing that anybody wrote is ever markup. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportHtml } from '../../../../src/core/sla/export/html.ts';
import { exportMarkdown } from '../../../../src/core/sla/export/markdown.ts';
import { markup } from '../../../../src/core/sla/export/markup.ts';
import { timelineSvg } from '../../../../src/core/sla/export/timeline-svg.ts';
import { lossSentence } from '../../../../src/core/sla/loss-sentence.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import { caseText } from '../../../../src/core/sla/case/case-text.ts';
import { entry, incident2008 } from '../case/a-case.ts';
import { anExport } from './an-export.ts';

const document = anExport();

describe('the incident of 2008, exported,', () => {
  test('as HTML', async () => {
    const html = exportHtml(document);
    await expect(html).toMatchFileSnapshot('golden/hospital-2008.html');
    expect(html).not.toMatch(/<script|javascript:|src=|href=|@import|url\(/i);
  });
  test('as Markdown', async () => {
    await expect(exportMarkdown(document)).toMatchFileSnapshot('golden/hospital-2008.md');
  });
  test('on a terminal', async () => {
    const text = caseText(document.case, document.recurrences);
    await expect(`${text}\n`).toMatchFileSnapshot('golden/hospital-2008.txt');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
  test.each([exportHtml, exportMarkdown])('says whether anything was lost, and how to prove it (%#)', (render) => {
    const text = render(document).replaceAll('\\', '');
    expect(text).toContain(document.lost.replaceAll("'", render === exportHtml ? '&#39;' : "'"));
    expect(text).toContain(document.recordSha256);
    expect(text).toContain('baton incident verify');
  });
});

const loss = (change: Partial<Incident['loss']>): Incident => ({
  ...incident2008,
  loss: { bytesMax: null, timeMsMax: null, provedNone: false, basis: 'mode off', ...change },
});
test.each([
  [loss({ provedNone: true, bytesMax: 0, timeMsMax: 0 }), 'Nothing that a user saw saved was lost (mode off).'],
  [loss({}), 'Whether anything that a user saw saved was lost is not known (mode off).'],
  [
    { ...loss({}), state: 'open', instants: { ...incident2008.instants, t7: null } } as Incident,
    'Whether anything that a user saw saved is lost is not known yet (mode off).',
  ],
  [
    loss({ bytesMax: 0, timeMsMax: 0 }),
    "Nothing that a user saw saved is held to be lost; that is somebody's word and not proved (mode off).",
  ],
  [
    loss({ bytesMax: 4096, timeMsMax: 500, basis: 'sync named nobody.' }),
    'Changes that users saw saved may be lost: those of the last 500 ms before the failure, at most 4,096 bytes of the write-ahead log (sync named nobody).',
  ],
  [
    loss({ bytesMax: null, timeMsMax: 500, basis: '' }),
    'Changes that users saw saved may be lost: those of the last 500 ms before the failure, of unknown size.',
  ],
])('whether anything was lost is one sentence (%#)', (incident, sentence) => {
  expect(lossSentence(incident, null)).toBe(sentence);
});

describe('what somebody wrote', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      '/',
      '`',
      '|',
      '\n',
      '*',
      '_',
      '[',
      ']',
      '(',
      ')',
      '!',
      '#',
      'a',
      ' ',
      '\u202e',
      '\u0000',
      ']]>',
      '-->',
      '<script>',
      '</style>',
      'http://x.y',
    ),
    minLength: 1,
    maxLength: 40,
  });
  const withText = (text: string) =>
    anExport({ ...incident2008, because: text, trigger: text, evidence: [{ id: 'note', says: text }] }, [
      entry(0, { kind: 'note', text }, text),
      entry(1, { kind: 'cause', trigger: text, rootCause: text, factors: [text] }),
      entry(2, { kind: 'action', text, owner: text, due: '2008-05-01' }),
      entry(3, { kind: 'review', text }),
    ]);
  const tagsOf = (html: string) => [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  const shape = (text: string) => tagsOf(exportHtml(withText(text))).join('\n');

  test('is never markup in HTML: the tags are the same, whatever it is', () => {
    const plain = shape('word');
    fc.assert(
      fc.property(nasty, (text) => {
        expect(shape(text)).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });
  test('comes back as it was from its HTML, but for what steers terminals', () => {
    const back = (html: string) =>
      html
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
    fc.assert(
      fc.property(nasty, (text) => {
        expect(markup(text)).not.toMatch(/[<>"']/);
        expect(back(markup(text))).toBe(text.replaceAll(/[^\P{C}\n]/gu, ' '));
      }),
    );
  });
  test('opens no tag, link or table in Markdown', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const markdown = exportMarkdown(withText(text));
        const outside = markdown.replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, '').replaceAll('<br>', '');
        expect(outside).not.toMatch(/[<>]/);
        expect(outside).not.toMatch(/(^|[^\\])\[/);
        expect(outside).not.toMatch(/http:/);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the drawing', () => {
  test('has phases to scale, a title and a description', () => {
    const svg = timelineSvg(incident2008);
    const widthOf = (phase: string) =>
      Number(new RegExp(`class="${phase}" x="[\\d.]+" y="\\d+" width="([\\d.]+)"`).exec(svg)?.[1]);
    expect(widthOf('detection') / widthOf('promotion')).toBeCloseTo(30 / 12, 1);
    expect(svg).toContain('<desc id="timeline-desc">detection 30 min, decision 1 min');
    expect(svg).toContain('Not seen: t4, t5.');
  });
  test('says so when there is nothing to draw', () => {
    const nothing = { ...incident2008, phases: { ...incident2008.phases, outage: null, exposure: null } };
    expect(timelineSvg(nothing)).toContain('nothing to draw to scale');
  });
  test('puts no label over another one', () => {
    const placed = [
      ...timelineSvg(incident2008).matchAll(
        /<text class="label" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]*)/g,
      ),
    ];
    const boxes = placed.map(([, x, y, anchor, text]) => {
      const length = (text?.length ?? 0) * 6;
      const left = anchor === 'end' ? Number(x) - length : Number(x);
      return { left, right: left + length, y: Number(y) };
    });
    const over = boxes.filter((one, at) =>
      boxes.some((other, index) => index > at && one.y === other.y && one.left < other.right && other.left < one.right),
    );
    expect(over).toEqual([]);
  });
});
