/** Instants for people: in their own zone, with UTC beside, so that two who talk about one mean the same. */

/** `24 April 2008, 09:15:03 Europe/London (08:15:03 UTC)`; `at` in ms since the epoch. The UTC date where it is another. */
export function zonedTime(at: number, zone: string): string {
  const local = partsIn(zone, at);
  if (zone === 'UTC') return `${local.date}, ${local.time} UTC`;
  const utc = partsIn('UTC', at);
  const utcText = utc.date === local.date ? utc.time : `${utc.date}, ${utc.time}`;
  return `${local.date}, ${local.time} ${zone} (${utcText} UTC)`;
}

function partsIn(timeZone: string, at: number): { readonly date: string; readonly time: string } {
  const { calendar, clock } = formatsOf(timeZone);
  return { date: calendar.format(at), time: clock.format(at) };
}

interface Formats {
  readonly calendar: Intl.DateTimeFormat;
  readonly clock: Intl.DateTimeFormat;
}

/** A format costs more to make than all that is asked of it; there are some six hundred zones at most. */
const formats = new Map<string, Formats>();

function formatsOf(timeZone: string): Formats {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = {
    calendar: new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }),
    clock: new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium', hourCycle: 'h23' }),
  };
  formats.set(timeZone, made);
  return made;
}
