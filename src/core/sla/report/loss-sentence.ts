/** Whether anything that a user saw saved was lost, in one sentence: what the customer asks first. */
import type { Ms } from '../../units.ts';
import { bytesText, listed } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';

interface Lost {
  readonly id: string;
  readonly nothingLost: boolean;
  readonly lostBytesMax: number | null;
  readonly lostRows?: string | undefined;
}

const namedMax = 3;

/** The same for machines: nothing, at most so many bytes, or not known. */
export interface LostInMonth {
  readonly lost: 'nothing' | 'at-most' | 'not-known';
  readonly bytesMax: number | null;
}

export function lostInMonth(incidents: readonly Lost[]): LostInMonth {
  const doubtful = incidents.filter(({ nothingLost }) => !nothingLost);
  if (doubtful.length === 0) return { lost: 'nothing', bytesMax: 0 };
  if (doubtful.some(isUnknown)) return { lost: 'not-known', bytesMax: null };
  if (doubtful.some(({ lostBytesMax }) => lostBytesMax === null)) return { lost: 'at-most', bytesMax: null };
  return { lost: 'at-most', bytesMax: doubtful.reduce((sum, { lostBytesMax }) => sum + (lostBytesMax ?? 0), 0) };
}

/** `unmeasuredMs`: time in which nobody looked. `provisional`: the month is not over. */
export function lossSentence(incidents: readonly Lost[], unmeasuredMs: Ms, provisional: boolean): string {
  const so = provisional ? ' so far' : '';
  const doubtful = incidents.filter(({ nothingLost }) => !nothingLost);
  if (doubtful.length === 0) {
    const known = unmeasuredMs === 0 ? '' : `, as far as was measured (${durationText(unmeasuredMs)} was not)`;
    return `Nothing that a user saw saved was lost${so}${known}.`;
  }
  const unknown = doubtful.filter(isUnknown);
  const { bytesMax } = lostInMonth(incidents);
  if (unknown.length > 0)
    return `Whether anything that a user saw saved was lost${so} is not known: see ${named(unknown)}.`;
  if (bytesMax === null) return `Changes that users saw saved may be lost${so}: see ${named(doubtful)}.`;
  return `At most ${bytesText(bytesMax)} of what users saw saved may be lost${so}: see ${named(doubtful)}.`;
}

const isUnknown = ({ lostBytesMax, lostRows }: Lost): boolean => lostBytesMax === null && lostRows === undefined;

function named(incidents: readonly Lost[]): string {
  const names = incidents.map(({ id, lostRows }) => (lostRows === undefined ? id : `${id} (${lostRows})`));
  const more = names.length - namedMax;
  return listed(more > 0 ? [...names.slice(0, namedMax), `${more} more`] : names);
}
