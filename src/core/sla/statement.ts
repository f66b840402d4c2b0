/** The public sentence: what people outside are told of an incident. A draft, for somebody to read before it goes out. */
import type { Site } from './contract.ts';
import { listed } from './text-layout.ts';
import { type Ms, minute, second } from '../units.ts';

/** `from` and `until` in ms since the epoch; `until` null while it lasts. `service`: what its users call it. */
export interface Disruption {
  readonly from: number;
  readonly until: number | null;
  readonly service: string;
  readonly sites: readonly Site[];
}

/** Instants are told in the zone of those who read it; dates only where they say something. */
export function statementText({ from, until, service, sites }: Disruption, timeZone: string): string {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' });
  const calendar = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' });
  const began = `${clock.format(from)} on ${calendar.format(from)}`;
  const where = sites.length === 0 ? '' : ` in ${listed(sites.map(({ name }) => name))}`;
  if (until === null)
    return `There has been an incident since ${began}, affecting users of ${service}${where}. It is being worked on.`;
  const sameDay = calendar.format(from) === calendar.format(until);
  if (until - from < minute)
    return `There was an incident for ${shortText(until - from)} at ${began}, affecting users of ${service}${where}.`;
  const ended = `${clock.format(until)} on ${calendar.format(until)}`;
  const since = sameDay ? clock.format(from) : began;
  return `There was an incident from ${since} until ${ended}, affecting users of ${service}${where}.`;
}

/** Nobody outside counts milliseconds. */
function shortText(lasted: Ms): string {
  const seconds = Math.round(lasted / second);
  if (lasted < second) return 'less than a second';
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
