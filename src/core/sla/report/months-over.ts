/** Which months a report that is due covers: those that were over by then, back to the first due instant it stands for. */
import { dayMs, type Ms } from '../../units.ts';
import { type MonthText, monthSpan, monthsOf } from '../accounting/zone.ts';

const longestMonthMs: Ms = 32 * dayMs;
/** Two years without any report: what is older is reported by hand. */
const monthsMax = 24;

/** Of a zone, in order: the month before the one of `from`, and all that ended since then and by `due`. */
export function monthsOver(timeZone: string, from: number, due: number): readonly MonthText[] {
  const [first] = monthsOf(timeZone, { from, to: from + 1 });
  const since = first === undefined ? from : monthSpan(timeZone, first).from;
  return monthsOf(timeZone, { from: from - longestMonthMs, to: due + 1 })
    .filter((month) => {
      const { to } = monthSpan(timeZone, month);
      return to >= since && to <= due;
    })
    .slice(-monthsMax);
}
