/** Whether anything that a user saw saved was lost, and if so what: the one sentence of every notice and every export. */
import type { Incident, Loss } from './incident.ts';
import { bytesText } from './text-layout.ts';
import { durationText } from './timeline-text.ts';

/** With what it is known from. */
export const lossSentence = ({ loss, state, instants }: Incident): string =>
  said(loss, state !== 'open' || instants.t7 !== null, basisOf(loss));

/** For who wants the answer alone; why nobody knows it is part of the answer. `over`: writes are good again. */
export const plainLossSentence = (loss: Loss, over: boolean): string =>
  said(loss, over, isUnknown(loss) && over ? basisOf(loss) : '');

/** Proved, or the word of somebody who amended it. */
export const isNothing = ({ provedNone, bytesMax }: Loss): boolean => provedNone || bytesMax === 0;

export const isUnknown = (loss: Loss): boolean => !isNothing(loss) && loss.bytesMax === null && loss.timeMsMax === null;

function said(loss: Loss, over: boolean, because: string): string {
  if (loss.provedNone) return `Nothing that a user saw saved was lost${because}.`;
  if (isNothing(loss))
    return `Nothing that a user saw saved is held to be lost; that is somebody's word and not proved${because}.`;
  if (isUnknown(loss))
    return over
      ? `Whether anything that a user saw saved was lost is not known${because}.`
      : `Whether anything that a user saw saved is lost is not known yet${because}.`;
  const { bytesMax, timeMsMax } = loss;
  const reach = timeMsMax === null ? 'of an unknown time' : `of the last ${durationText(timeMsMax)}`;
  const size = bytesMax === null ? 'of unknown size' : `at most ${bytesText(bytesMax)} of the write-ahead log`;
  return `Changes that users saw saved may be lost: those ${reach} before the failure, ${size}${because}.`;
}

function basisOf({ basis }: Loss): string {
  const text = basis.replace(/\.$/, '');
  return text === '' ? '' : ` (${text})`;
}
