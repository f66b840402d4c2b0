/** What of an incident may be amended, and which values each field takes. Everything else stays as it was recorded. */
import { err, ok, type Result } from '../../result.ts';
import { INSTANT_NAMES, type Incident, type InstantName } from '../incident.ts';

export interface AmendableField {
  /** What it takes, for the help and for errors. */
  readonly takes: string;
  /** A contract compares it, so that verdicts are recomputed. */
  readonly compared: boolean;
  read(incident: Incident): unknown;
  takesValue(value: unknown): boolean;
}

const textMax = 1_000;
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '' && value.length <= textMax;
/** RFC 3339 UTC with milliseconds, as incidents are written. */
const isInstant = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString() === value;
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const instant = (name: InstantName): AmendableField => ({
  takes: 'an instant in RFC 3339 like 2008-04-24T09:15:00+01:00, or unknown',
  compared: true,
  read: ({ instants }) => instants[name]?.wall ?? null,
  takesValue: (value) => value === null || isInstant(value),
});

export const AMENDABLE: ReadonlyMap<string, AmendableField> = new Map([
  ...INSTANT_NAMES.map((name): [string, AmendableField] => [`instants.${name}`, instant(name)]),
  [
    'loss.bytesMax',
    {
      takes: 'the most that was lost, like 4096 (bytes) or 16MiB, or unknown',
      compared: true,
      read: ({ loss }) => loss.bytesMax,
      takesValue: (value) => value === null || isCount(value),
    },
  ],
  [
    'loss.timeMsMax',
    {
      takes: 'how far back lost commits may reach, like 500 (milliseconds) or 4s, or unknown',
      compared: true,
      read: ({ loss }) => loss.timeMsMax,
      takesValue: (value) => value === null || isCount(value),
    },
  ],
  [
    'loss.basis',
    {
      takes: `a sentence of at most ${textMax} characters`,
      compared: false,
      read: ({ loss }) => loss.basis,
      takesValue: isText,
    },
  ],
  [
    'affectedSites',
    {
      takes: 'the ids of the sites that were without it, with commas between, or none',
      compared: true,
      read: ({ affectedSites }) => affectedSites.map(({ id }) => id),
      takesValue: (value) =>
        Array.isArray(value) && value.every((each) => typeof each === 'string') && new Set(value).size === value.length,
    },
  ],
  [
    'trigger',
    {
      takes: 'a code of small letters, digits and dashes, like host-silent',
      compared: false,
      read: ({ trigger }) => trigger,
      takesValue: (value) => typeof value === 'string' && /^[a-z][a-z0-9-]{0,59}$/.test(value),
    },
  ],
  [
    'because',
    {
      takes: `a sentence of at most ${textMax} characters`,
      compared: false,
      read: ({ because }) => because,
      takesValue: isText,
    },
  ],
] satisfies readonly [string, AmendableField][]);

/** The value of a change, from JSON text. The error says what the field takes. */
export function readChange(field: string, json: string): Result<unknown, string> {
  const known = AMENDABLE.get(field);
  if (known === undefined)
    return err(`${field.slice(0, 60)} cannot be amended; these can: ${[...AMENDABLE.keys()].join(', ')}`);
  try {
    const value: unknown = JSON.parse(json);
    if (known.takesValue(value)) return ok(value);
  } catch {
    // No JSON is no value either.
  }
  return err(`${field} takes ${known.takes}, not ${json.slice(0, 60)}`);
}
