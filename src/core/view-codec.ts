/**
 * Views as JSON, for the journal and back for replay. What JSON lacks is written as an object with one marked key:
 * `{"$lsn": "16/B374D848"}` for bigint (the only ones in a view are LSNs), `{"$map": [[key, value], ...]}` for Map,
 * `{"$number": "Infinity"}` for what JSON would turn into null. Properties that are undefined are left out.
 */
import { err, ok } from './result.ts';
import type { Result } from './result.ts';
import { formatLsn, lsn, parseLsn } from './units.ts';
import type { View } from './view.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const encodeView = (view: View): Json => encodeValue(view);

/**
 * The view that was encoded. Shapes are not checked field by field: a journal is this product's own writing, and a
 * replay is read-only. The error says what cannot be a view at all.
 */
export function decodeView(json: unknown): Result<View, string> {
  try {
    const view = decodeValue(json);
    const isView =
      isObject(view) && typeof view['nowMono'] === 'number' && isObject(view['self']) && isObject(view['policy']);
    return isView ? ok(view as unknown as View) : err('not a view: nowMono, self or policy is missing');
  } catch (error) {
    return err(`not a view: ${String(error)}`);
  }
}

/** Throws TypeError for what cannot be in a record: functions, symbols. */
export function encodeValue(value: unknown): Json {
  switch (typeof value) {
    case 'bigint':
      return { $lsn: formatLsn(lsn(value)) };
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'string':
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : encodeObject(value);
    default:
      throw new TypeError(`a ${typeof value} cannot be journalled`);
  }
}

function encodeObject(value: object): Json {
  if (Array.isArray(value)) return value.map(encodeValue);
  if (value instanceof Map) return { $map: [...value].map(([key, entry]) => [encodeValue(key), encodeValue(entry)]) };
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const plain = Object.fromEntries(entries.map(([key, entry]) => [key, encodeValue(entry)]));
  return isMarked(plain) ? { $object: plain } : plain;
}

/** Throws RangeError for a marked object whose content is not what the mark says. */
export function decodeValue(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(decodeValue);
  if (!isObject(json)) return json;
  if (isMarked(json)) return decodeMarked(json);
  return decodeEntries(json);
}

function decodeMarked(json: Readonly<Record<string, unknown>>): unknown {
  const { $lsn, $map, $number, $object } = json;
  if (typeof $lsn === 'string') return parseLsn($lsn);
  if (typeof $number === 'string') return Number($number);
  if (isObject($object)) return decodeEntries($object);
  if (Array.isArray($map) && $map.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    return new Map($map.map(([key, value]) => [decodeValue(key), decodeValue(value)]));
  }
  throw new RangeError(`a marked object with the wrong content: ${Object.keys(json).join()}`);
}

const decodeEntries = (json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [key, decodeValue(value)]));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const MARKS: readonly string[] = ['$lsn', '$map', '$number', '$object'];

/** A real object that looks like one of ours is wrapped, so that it comes back as it was. */
function isMarked(value: Readonly<Record<string, unknown>>): boolean {
  const [key, ...more] = Object.keys(value);
  return key !== undefined && more.length === 0 && MARKS.includes(key);
}
