/**
 * Contracts whose terms were changed without a new version. Verdicts keep what they were judged by, but accounts of
 * months that are over follow the terms under the old number, so somebody has to hear of it.
 */
import { canonicalJson } from '../canonical-json.ts';
import type { Contract } from './contract.ts';

export interface ChangedInPlace {
  readonly contract: string;
  readonly version: number;
  /** Names of the terms that are others now. */
  readonly terms: readonly string[];
}

/** All but its name, and its end: to end the old version is how a new one begins. */
const terms = [
  'sites',
  'timeZone',
  'serviceHours',
  'holidays',
  'rtoMs',
  'rpoBytes',
  'rpoMs',
  'detectionMs',
  'availability',
  'exclusions',
  'creditBands',
  'validFrom',
] as const satisfies readonly (keyof Contract)[];

export function changedInPlace(before: readonly Contract[], after: readonly Contract[]): readonly ChangedInPlace[] {
  return after.flatMap((now) => {
    const was = before.find(({ id, version }) => id === now.id && version === now.version);
    if (was === undefined) return [];
    const others = terms.filter((term) => canonicalJson(was[term]) !== canonicalJson(now[term]));
    return others.length === 0 ? [] : [{ contract: now.id, version: now.version, terms: others }];
  });
}
