/** Whether anything that a user saw saved was lost, and if so what: the one sentence of every notice and every export. */
import { type IncidentTail, isEmptyTail, tailText } from './evidence/diverged-tail.ts';
import type { Incident, Loss } from './incident.ts';
import { bytesText } from './text-layout.ts';
import { durationText } from './timeline-text.ts';

/** With what it is known from. `tail`: what the old primary alone had; null while nobody has found it. */
export const lossSentence = ({ loss, state, instants }: Incident, tail: IncidentTail | null): string =>
  said(loss, state !== 'open' || instants.t7 !== null, basisOf(loss), tail, unconfirmed(loss, tail));

/** For who wants the answer alone; why nobody knows it is part of the answer. `over`: writes are good again. */
export const plainLossSentence = (loss: Loss, over: boolean, tail: IncidentTail | null): string =>
  said(loss, over, isUnknown(loss) && over ? basisOf(loss) : '', tail, '');

/** Proved, or the word of somebody who amended it. */
export const isNothing = ({ provedNone, bytesMax }: Loss): boolean => provedNone || bytesMax === 0;

const isUnknown = (loss: Loss): boolean => !isNothing(loss) && loss.bytesMax === null && loss.timeMsMax === null;

/** The answer in a word. A bound is no more than a bound, until somebody has read what was in it. */
export function lostOrNot(loss: Loss, tail: IncidentTail | null): 'nothing' | 'at-most' | 'not-known' {
  if (isNothing(loss) || (tail !== null && isEmptyTail(tail))) return 'nothing';
  return isUnknown(loss) && tail === null ? 'not-known' : 'at-most';
}

function said(loss: Loss, over: boolean, because: string, tail: IncidentTail | null, more: string): string {
  if (loss.provedNone) return `Nothing that a user saw saved was lost${because}${more}.`;
  if (isNothing(loss))
    return `Nothing that a user saw saved is held to be lost; that is somebody's word and not proved${because}${found(tail)}.`;
  if (tail !== null && isEmptyTail(tail))
    return `Nothing that a user saw saved was lost: no change had committed in what ${tail.member} had beyond its successor${sizeText(loss, ', ')}${because}.`;
  if (isUnknown(loss) && tail === null)
    return over
      ? `Whether anything that a user saw saved was lost is not known${because}.`
      : `Whether anything that a user saw saved is lost is not known yet${because}.`;
  const what = tail === null ? 'those' : `${tailText(tail)},`;
  const bounds = isUnknown(loss) ? ' which may have been confirmed' : ` ${boundsText(loss)}`;
  return `Changes that users saw saved may be lost: ${what}${bounds}${because}.`;
}

function boundsText(loss: Loss): string {
  const reach = loss.timeMsMax === null ? 'of an unknown time' : `of the last ${durationText(loss.timeMsMax)}`;
  return `${reach} before the failure, ${sizeText(loss, '') || 'of unknown size'}`;
}

const sizeText = ({ bytesMax }: Loss, before: string): string =>
  bytesMax === null ? '' : `${before}at most ${bytesText(bytesMax)} of the write-ahead log`;

const found = (tail: IncidentTail | null): string =>
  tail === null || isEmptyTail(tail) ? '' : `; ${tail.member} had ${tailText(tail)} beyond its successor`;

/** In a synchronous mode: clients that got no answer may still ask what became of what they sent. */
const unconfirmed = ({ provedNone }: Loss, tail: IncidentTail | null): string =>
  provedNone && tail !== null && tail.transactions > 0 ? `; not there, and confirmed to nobody: ${tailText(tail)}` : '';

function basisOf({ basis }: Loss): string {
  const text = basis.replace(/\.$/, '');
  return text === '' ? '' : ` (${text})`;
}
