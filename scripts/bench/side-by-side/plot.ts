/** The outages as a picture: one row for each fault, one mark for each system, seconds on a logarithmic scale. Pure. */
import type { Fault } from './faults.ts';
import { secondsText } from './report.ts';
import { type CellSummary, damageOf } from './summary.ts';

const left = 250;
const plotWidth = 620;
const top = 60;
const lineHeight = 15;
const gap = 16;
/** Everything shorter is drawn at the left edge, as none. */
const [leastMs, mostMs] = [10, 100_000];
const noneX = left - 32;
const colours = ['#0b6e4f', '#c8553d', '#e09f7d', '#2d6cdf', '#8fb3f5', '#7a5195', '#6c757d'] as const;

/** A whole SVG document. A ring instead of a dot: the system lost writes, or had two writable nodes. */
export function plotSvg(
  faults: readonly Pick<Fault, 'name' | 'label' | 'lasts'>[],
  summaries: readonly CellSummary[],
): string {
  const systems = [...new Set(summaries.map(({ cell }) => titleOf(cell)))];
  const colourOf = (summary: CellSummary) =>
    colours[systems.indexOf(titleOf(summary.cell)) % colours.length] ?? colours[0];
  const body: string[] = [];
  let y = top + gap;
  for (const { name, label, lasts } of faults) {
    const mine = summaries.filter(({ cell, outageMs }) => cell.fault === name && outageMs !== null);
    if (mine.length === 0) continue;
    body.push(text(8, y + (mine.length * lineHeight) / 2, label, 'fault'));
    for (const summary of mine) {
      body.push(...mark(summary, y, colourOf(summary), lasts.moves));
      y += lineHeight;
    }
    body.push(`<line class="rule" x1="8" x2="${left + plotWidth + 120}" y1="${y}" y2="${y}"/>`);
    y += gap;
  }
  const height = y + 20 + systems.length * 16;
  const legend = systems.flatMap((title, at) => [
    `<circle cx="16" cy="${y + 10 + at * 16}" r="4" fill="${colours[at % colours.length]}"/>`,
    text(28, y + 14 + at * 16, title, 'small'),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + plotWidth + 130}" height="${height}" role="img" aria-label="Client-visible outage by fault and system">`,
    '<style>text{font:12px sans-serif;fill:#222}.small{font-size:11px}.fault{font-weight:bold}.rule{stroke:#ddd}.grid{stroke:#eee}</style>',
    '<rect width="100%" height="100%" fill="white"/>',
    text(8, 20, 'Client-visible outage, median with least and most', 'fault'),
    text(8, 38, 'Seconds, logarithmic. A ring: writes were lost, or two nodes took writes at once.', 'small'),
    ...[10, 100, 1_000, 10_000, 100_000].flatMap((ms) => [
      `<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="${top}" y2="${y - gap}"/>`,
      text(x(ms) - 10, top - 4, String(ms / 1000), 'small'),
    ]),
    text(noneX - 12, top - 4, 'none', 'small'),
    ...body,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

const titleOf = ({ system, setting, rttMs }: CellSummary['cell']): string =>
  `${system} ${setting}${rttMs === 0 ? '' : `, ${rttMs} ms apart`}`;

function mark(summary: CellSummary, y: number, colour: string, moves: boolean): readonly string[] {
  const { outageMs, endless, isUnsafe, moved } = summary;
  if (outageMs === null) return [];
  const middle = y + lineHeight / 2;
  const fill = isUnsafe ? 'white' : colour;
  const words = [
    outageMs.median === 0 ? '0' : `${endless > 0 ? '> ' : ''}${secondsText(outageMs.median)}`,
    ...(moves && moved === 0 ? ['no failover'] : []),
    ...(isUnsafe ? damageOf(summary).filter((damage) => /lost|two/.test(damage)) : []),
  ];
  return [
    `<line x1="${x(outageMs.min)}" x2="${x(outageMs.max)}" y1="${middle}" y2="${middle}" stroke="${colour}" stroke-width="2"/>`,
    `<circle cx="${x(outageMs.median)}" cy="${middle}" r="4.5" fill="${fill}" stroke="${colour}" stroke-width="2"><title>${escaped(titleOf(summary.cell))}</title></circle>`,
    text(x(outageMs.max) + 9, middle + 4, words.join(', '), 'small'),
  ];
}

/** Where so many milliseconds are drawn. */
export function x(ms: number): number {
  if (ms < leastMs) return noneX;
  const part = (Math.log10(Math.min(ms, mostMs)) - Math.log10(leastMs)) / (Math.log10(mostMs) - Math.log10(leastMs));
  return Math.round((left + part * plotWidth) * 10) / 10;
}

const text = (at: number, y: number, words: string, kind: string): string =>
  `<text class="${kind}" x="${at}" y="${y}">${escaped(words)}</text>`;

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
