/** Whether anything that a user saw saved was lost, in one sentence: what the customer asks first. */
import type { Ms } from '../../units.ts';
import { bytesText, listed } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';

interface Lost {
  readonly id: string;
  readonly nothingLost: boolean;
  readonly lostBytesMax: number | null;
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
  if (doubtful.some(({ lostBytesMax }) => lostBytesMax === null)) return { lost: 'not-known', bytesMax: null };
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
  const unknown = doubtful.filter(({ lostBytesMax }) => lostBytesMax === null);
  const { bytesMax } = lostInMonth(incidents);
  if (bytesMax === null)
    return `Whether anything that a user saw saved was lost${so} is not known: see ${named(unknown)}.`;
  return `At most ${bytesText(bytesMax)} of what users saw saved may be lost${so}: see ${named(doubtful)}.`;
}

const named = (incidents: readonly Lost[]): string =>
  incidents.length <= namedMax
    ? listed(incidents.map(({ id }) => id))
    : `${incidents
        .slice(0, namedMax)
        .map(({ id }) => id)
        .join(', ')} and ${incidents.length - namedMax} more`;
