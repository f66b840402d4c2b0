/** What keeps coming back: other incidents with the same trigger within 90 days. */
import { dayMs } from '../../units.ts';
import { beginning } from '../beginning.ts';
import { type Incident, isHandOver } from '../incident.ts';

export interface Recurrence {
  /** The other incident's. */
  readonly id: string;
  /** RFC 3339 UTC. */
  readonly began: string;
  /** Whole days between the two, 0 on the same day. */
  readonly daysApart: number;
}

export interface Recurrences {
  readonly trigger: string;
  /** The newest last. */
  readonly before: readonly Recurrence[];
  readonly after: readonly Recurrence[];
}

export const recurrenceDays = 90;

/** Of a planned switchover or a drill there is none: people ask for those. Exactly 90 days apart still counts. */
export function recurrences(incident: Incident, all: readonly Incident[]): Recurrences {
  const { trigger, id, kind } = incident;
  const began = beginning(incident);
  const nothing = { trigger, before: [], after: [] };
  if (began === null || isHandOver(kind)) return nothing;
  const others = all.flatMap((other) => {
    const same = other.trigger === trigger && other.id !== id && !isHandOver(other.kind);
    const start = same ? beginning(other) : null;
    return start === null || Math.abs(start - began) > recurrenceDays * dayMs ? [] : [{ id: other.id, start }];
  });
  const shown = others
    .toSorted((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1))
    .map((other) => ({
      ...other,
      link: {
        id: other.id,
        began: new Date(other.start).toISOString(),
        daysApart: Math.floor(Math.abs(other.start - began) / dayMs),
      },
    }));
  const earlier = (other: { readonly id: string; readonly start: number }) =>
    other.start < began || (other.start === began && other.id < id);
  return {
    trigger,
    before: shown.filter(earlier).map(({ link }) => link),
    after: shown.filter((other) => !earlier(other)).map(({ link }) => link),
  };
}

/** One sentence; empty when it came once. */
export function recurrenceSentence({ trigger, before, after }: Recurrences): string {
  const told = [
    ...(before.length === 0 ? [] : [`${times(before.length)} in the ${recurrenceDays} days before`]),
    ...(after.length === 0 ? [] : [`${times(after.length)} in the ${recurrenceDays} days after`]),
  ];
  return told.length === 0 ? '' : `The same trigger (${trigger}) came ${told.join(' and ')}.`;
}

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);
