/** Whether anything that a user saw saved was lost, and if so what: one sentence, in every export. */
import type { Incident } from './incident.ts';
import { bytesText } from './text-layout.ts';
import { durationText } from './timeline-text.ts';

export function lossSentence({ loss, state, instants }: Incident): string {
  const basis = loss.basis.replace(/\.$/, '');
  const because = basis === '' ? '' : ` (${basis})`;
  if (loss.provedNone) return `Nothing that a user saw saved was lost${because}.`;
  const { bytesMax, timeMsMax } = loss;
  if (bytesMax === 0 && timeMsMax === 0)
    return `Nothing that a user saw saved is held to be lost; that is somebody's word and not proved${because}.`;
  if (bytesMax === null && timeMsMax === null)
    return state === 'open' && instants.t7 === null
      ? `Whether anything that a user saw saved is lost is not known yet${because}.`
      : `Whether anything that a user saw saved was lost is not known${because}.`;
  const reach = timeMsMax === null ? 'of an unknown time' : `of the last ${durationText(timeMsMax)}`;
  const size = bytesMax === null ? 'of unknown size' : `at most ${bytesText(bytesMax)} of the write-ahead log`;
  return `Changes that users saw saved may be lost: those ${reach} before the failure, ${size}${because}.`;
}
