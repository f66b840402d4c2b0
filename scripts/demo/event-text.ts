/** One event of the demo, as who is on call would read it: what the client saw, then the daemon's own record. */
import { columnsMax, listed, thousands, wrapped } from '../../src/core/sla/text-layout.ts';
import { durationText, incidentText } from '../../src/core/sla/timeline-text.ts';
import type { Round } from '../rig/round.ts';
import type { Verdict } from '../rig/verify.ts';
import type { Heard } from './sites-desk.ts';

const labelColumns = 18;

export function eventText(round: Round, told: readonly Heard[], number: number, count: number): string {
  const { fault, oldLeader, incident, doubts } = round;
  const head = `EVENT ${number} OF ${count}: ${fault.says(oldLeader)}`;
  const field = (label: string, text: string) => wrapped(text, labelColumns, label.padEnd(labelColumns));
  return [
    '#'.repeat(columnsMax),
    ...wrapped(head, 4),
    '#'.repeat(columnsMax),
    ...field('Client', clientText(round)),
    ...field('Writes', writesText(round.verdict)),
    ...field('Redundant again', `${durationText(round.redundantMs)} after the fault began`),
    ...toldLines(told).flatMap((line, index) => field(index === 0 ? 'Sites told' : '', line)),
    ...doubts.flatMap((doubt) => field('NOT AS IT SHOULD', doubt)),
    '',
    incident === null ? 'The daemons have no record of this.' : incidentText(incident),
  ].join('\n');
}

const toldLines = (told: readonly Heard[]): readonly string[] =>
  told.length === 0 ? ['NOBODY'] : told.map(({ subject }) => subject);

function clientText({ outageMs, writesAgainMs, newLeader, otherGapsMs }: Round): string {
  const pauses = otherGapsMs.map((gapMs) => durationText(gapMs));
  const further =
    pauses.length === 0 ? '' : ` Shorter pauses: ${listed(pauses.slice(0, 5))}${pauses.length > 5 ? ' and more' : ''}.`;
  if (outageMs === 0) return `never waited 50 ms for an acknowledgement.${further}`;
  return (
    `OUTAGE ${durationText(outageMs)}: no write was acknowledged for so long; ` +
    `writing again through ${newLeader} ${durationText(writesAgainMs)} after the fault began.${further}`
  );
}

function writesText({ acknowledged, missing, unknown, unknownPresent }: Verdict): string {
  const lost = missing === 0 ? 'none lost' : `${thousands(missing)} LOST`;
  const unanswered = unknown === 0 ? '' : `; ${unknown} never answered, ${unknownPresent} of them are there`;
  return `${thousands(acknowledged)} acknowledged, ${lost}${unanswered}`;
}
