/** The month as a picture: one row for each day of the contract's zone, and what was not plainly up drawn at its hour. */
import { dayMs } from '../../units.ts';
import { zonePeriods } from '../accounting/zone.ts';
import { durationText } from '../timeline-text.ts';
import type { ContractReport, Stretch } from './contract-report.ts';
import { markup } from '../export/markup.ts';

const [left, width, rowHeight, top] = [34, 720, 14, 18];
const colours: Readonly<Record<Stretch['what'], string>> = {
  counted: '#c0392b',
  excluded: '#7f8fa6',
  degraded: '#e1b12c',
  unmeasured: '#d5d8dc',
};
const says: Readonly<Record<Stretch['what'], string>> = {
  counted: 'down',
  excluded: 'announced maintenance',
  degraded: 'degraded',
  unmeasured: 'not measured',
};
/** An outage of a second is seen, too. */
const widthMin = 1.5;

export function monthSvg({ span, timeZone, stretches, asOf, month, contract }: ContractReport): readonly string[] {
  const days = Math.round((span.to - span.from) / dayMs);
  const height = top + days * rowHeight + 22;
  return [
    `<svg viewBox="0 0 ${left + width + 10} ${height}" role="img" aria-label="${markup(`${contract} in ${month}`)}" font-family="sans-serif" font-size="9">`,
    ...[0, 6, 12, 18, 24].map(
      (hour) => `<text x="${round(left + (hour / 24) * width)}" y="11" text-anchor="middle">${hour}:00</text>`,
    ),
    ...Array.from({ length: days }, (_, day) => dayRow(day, span.from + day * dayMs < asOf)),
    ...stretches.flatMap((stretch) => drawn(stretch, span.from, timeZone)),
    ...legend(height - 8),
    '</svg>',
  ];
}

/** What has not been yet is an outline. */
const dayRow = (day: number, begun: boolean): string =>
  `<text x="${left - 6}" y="${top + day * rowHeight + 9}" text-anchor="end">${day + 1}</text>` +
  `<rect x="${left}" y="${top + day * rowHeight + 1}" width="${width}" height="${rowHeight - 3}" fill="${begun ? '#d4efdf' : 'none'}" stroke="#e5e8eb"/>`;

/** By the wall clock of the zone: on the day on which clocks change, noon is at noon. */
function drawn(stretch: Stretch, monthFrom: number, timeZone: string): readonly string[] {
  const firstOffset = zonePeriods(timeZone, { from: monthFrom, to: monthFrom + 1 })[0]?.offsetMs ?? 0;
  const localMonth = monthFrom + firstOffset;
  return zonePeriods(timeZone, stretch).flatMap(({ from, to, offsetMs }) => {
    const parts: string[] = [];
    const localTo = to + offsetMs - localMonth;
    for (let at = from + offsetMs - localMonth; at < localTo; ) {
      const day = Math.floor(at / dayMs);
      const end = Math.min((day + 1) * dayMs, localTo);
      const x = left + ((at - day * dayMs) / dayMs) * width;
      const wide = Math.max(widthMin, ((end - at) / dayMs) * width);
      const title = `${says[stretch.what]} ${new Date(stretch.from).toISOString()} for ${durationText(stretch.to - stretch.from)}`;
      parts.push(
        `<rect x="${round(x)}" y="${top + day * rowHeight + 1}" width="${round(wide)}" height="${rowHeight - 3}" fill="${colours[stretch.what]}"><title>${markup(title)}</title></rect>`,
      );
      at = end;
    }
    return parts;
  });
}

const legend = (y: number): readonly string[] =>
  (Object.keys(colours) as Stretch['what'][]).map((what, at) => {
    const x = left + at * 150;
    return `<rect x="${x}" y="${y - 8}" width="10" height="9" fill="${colours[what]}"/><text x="${x + 14}" y="${y}">${says[what]}</text>`;
  });

const round = (value: number): number => Math.round(value * 100) / 100;
