/** The timeline as a drawing: the outage t0 to t7 with its phases to scale, and below it all of it until t8, to scale. */
import type { Ms } from '../../units.ts';
import { type Incident, INSTANT_NAMES, type InstantName, type Phases } from '../incident.ts';
import { durationText, meaningOf } from '../timeline-text.ts';
import { markup } from './markup.ts';

const width = 760;
const left = 10;
const right = 10;
const span = width - left - right;
const barHeight = 34;
const rowHeight = 16;
/** Of a wide sans-serif face in 12 px, so that labels stay apart whatever face there is. */
const letterWidth = 7.3;

const PHASES: readonly (readonly [phase: keyof Phases, from: InstantName, to: InstantName])[] = [
  ['detection', 't0', 't2'],
  ['decision', 't2', 't3'],
  ['promotion', 't3', 't6'],
  ['routing', 't6', 't7'],
];

/** Two strips, because seconds of outage would vanish beside hours of exposure. What nobody saw is not drawn. */
export function timelineSvg(incident: Incident): string {
  const { outage } = incident.phases;
  const title = `Timeline of ${incident.id}`;
  const marks = INSTANT_NAMES.flatMap((name) => {
    const at = incident.instants[name]?.monoMs ?? null;
    return at === null ? [] : [{ name, at }];
  });
  const strips = outage === null || outage <= 0 ? [] : [outageStrip(incident, outage, marks)];
  const whole = wholeStrip(incident);
  if (whole !== null) strips.push(whole);
  let y = 4;
  const drawn = strips.map(({ height, draw }) => {
    const here = draw(y);
    y += height + 14;
    return here;
  });
  if (drawn.length === 0) {
    drawn.push(text(left, 20, 'Not both ends of the outage were seen: there is nothing to draw to scale.'));
    y = 30;
  }
  return [
    `<svg role="img" aria-labelledby="timeline-title timeline-desc" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}">`,
    `<title id="timeline-title">${markup(title)}</title>`,
    `<desc id="timeline-desc">${markup(described(incident))}</desc>`,
    ...drawn,
    '</svg>',
  ].join('\n');
}

interface Mark {
  readonly name: InstantName;
  readonly at: Ms;
}

interface Strip {
  readonly height: number;
  draw(y: number): string;
}

function described({ phases, instants }: Incident): string {
  const told = Object.entries(phases).map(
    ([name, length]) => `${name} ${length === null ? 'not known' : durationText(length)}`,
  );
  const unseen = INSTANT_NAMES.filter((name) => instants[name] === null);
  return `${told.join(', ')}.${unseen.length === 0 ? '' : ` Not seen: ${unseen.join(', ')}.`}`;
}

function outageStrip(incident: Incident, outage: Ms, marks: readonly Mark[]): Strip {
  const inside = marks.filter(({ at }) => at >= 0 && at <= outage);
  const x = (at: Ms) => left + (Math.min(Math.max(at, 0), outage) / outage) * span;
  const labels = rowsOf(
    inside.map(({ name, at }) => ({ at: x(at), label: `${name} ${meaningOf(incident, name)} ${offset(at)}` })),
  );
  const rows = Math.max(0, ...labels.map(({ row }) => row + 1));
  return {
    height: 18 + barHeight + 10 + rows * rowHeight,
    draw: (y) => {
      const bar = y + 18;
      return [
        text(left, y + 10, `Outage ${durationText(outage)}, t0 to t7, to scale`),
        `<rect class="back" x="${left}" y="${bar}" width="${span}" height="${barHeight}"/>`,
        ...PHASES.map(([phase, from, to]) => phaseBox(incident, phase, from, to, x, bar)),
        ...labels.map(({ at, label, row, anchor }) => {
          const base = bar + barHeight + 10 + (row + 1) * rowHeight - 4;
          return [
            `<line class="tick" x1="${round(at)}" x2="${round(at)}" y1="${bar}" y2="${base - 10}"/>`,
            text(at, base, label, anchor),
          ].join('\n');
        }),
      ].join('\n');
    },
  };
}

function phaseBox(
  { phases, instants }: Incident,
  phase: keyof Phases,
  from: InstantName,
  to: InstantName,
  x: (at: Ms) => number,
  y: number,
): string {
  const [start, end] = [instants[from]?.monoMs ?? null, instants[to]?.monoMs ?? null];
  const length = phases[phase];
  if (start === null || end === null || length === null) return '';
  const [begins, ends] = [x(start), x(end)];
  const boxWidth = Math.max(ends - begins, length > 0 ? 1 : 0);
  const label = `${phase} ${durationText(length)}`;
  const fits = label.length * letterWidth + 8 <= boxWidth;
  return [
    `<g><title>${markup(label)}</title>`,
    `<rect class="${phase}" x="${round(begins)}" y="${y}" width="${round(boxWidth)}" height="${barHeight}"/>`,
    ...(fits ? [text((begins + ends) / 2, y + barHeight / 2 + 4, label, 'middle', 'on-phase')] : []),
    '</g>',
  ].join('\n');
}

/** With the exposure, which may be hours; null when redundancy was not seen to come back. */
function wholeStrip({ phases: { outage, exposure } }: Incident): Strip | null {
  if (outage === null || exposure === null || outage + exposure <= 0) return null;
  const share = (outage / (outage + exposure)) * span;
  return {
    height: 18 + 14 + rowHeight,
    draw: (y) =>
      [
        text(left, y + 10, `Until redundant again ${durationText(outage + exposure)}, t0 to t8, to scale`),
        `<rect class="exposure" x="${left}" y="${y + 18}" width="${span}" height="14"><title>exposure ${durationText(exposure)}</title></rect>`,
        `<rect class="outage" x="${left}" y="${y + 18}" width="${round(Math.max(share, 1))}" height="14"><title>outage ${durationText(outage)}</title></rect>`,
        text(left, y + 18 + 14 + 13, `outage ${durationText(outage)}, then exposed for ${durationText(exposure)}`),
      ].join('\n'),
  };
}

interface Label {
  readonly at: number;
  readonly label: string;
}

/** Each label in the first row where it does not lie on another one; to the left of its tick near the right edge. */
function rowsOf(labels: readonly Label[]): readonly (Label & { row: number; anchor: 'start' | 'end' })[] {
  const taken: { from: number; to: number }[][] = [];
  return labels.map(({ at, label }) => {
    const length = label.length * letterWidth;
    const anchor = at + length > width ? 'end' : 'start';
    const [from, to] = anchor === 'end' ? [at - length - 4, at + 4] : [at - 4, at + length + 4];
    const free = taken.findIndex((row) => row.every((other) => to < other.from || from > other.to));
    const row = free >= 0 ? free : taken.push([]) - 1;
    taken[row]?.push({ from, to });
    return { at, label, row, anchor };
  });
}

const offset = (at: Ms): string => (at === 0 ? '' : `+${durationText(at)}`);
const round = (value: number): number => Math.round(value * 10) / 10;

const text = (x: number, y: number, says: string, anchor = 'start', kind = 'label'): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${markup(says.trim())}</text>`;
