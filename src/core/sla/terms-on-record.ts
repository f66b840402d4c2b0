/**
 * The terms of each version of a contract are put on record once, and never changed there. All that is added later is an
 * end, and no end reaches back into a month that is over. So whatever is edited, the terms of such a month stay.
 */
import { type Contract, endOf, startOf } from './contract.ts';
import { monthSpan, monthsOf } from './accounting/zone.ts';

export interface ContractVersion {
  readonly id: string;
  readonly version: number;
}

/** A version holds until then at the latest. Of several ends the earliest counts. Ms since the epoch. */
export interface VersionEnd extends ContractVersion {
  readonly until: number;
}

export interface ContractsToRecord {
  /** With the validity as it was when they were put on record. */
  readonly terms: readonly Contract[];
  readonly ends: readonly VersionEnd[];
}

export interface ContractsOnRecord extends ContractsToRecord {
  /** A record is there and says nothing that is understood here: nothing is written over it. */
  readonly unreadable: readonly ContractVersion[];
}

export const nothingOnRecord: ContractsOnRecord = { terms: [], ends: [], unreadable: [] };

export const isSameVersion = (one: ContractVersion, other: ContractVersion): boolean =>
  one.id === other.id && one.version === other.version;

/** The terms on record, each with its end. An end before the beginning: never in force. */
export function recordedWith(recorded: ContractsToRecord, more: ContractsToRecord): readonly Contract[] {
  const ends = [...recorded.ends, ...more.ends];
  return [...recorded.terms, ...more.terms].map((contract) =>
    ends.filter((each) => isSameVersion(each, contract)).reduce(endedAt, contract),
  );
}

const endedAt = (contract: Contract, { until }: Pick<VersionEnd, 'until'>): Contract =>
  until < endOf(contract) ? { ...contract, validTo: new Date(until).toISOString() } : contract;

/**
 * What a configuration brings that is not on record; `now` in ms since the epoch.
 *
 * - A version that is new. It takes no time from one that is on record, but for what that one's end leaves it.
 * - The end of a version: where the configuration ends it, or where a higher version begins. A version that was taken out
 *   does not end by that: what was promised is promised.
 */
export function termsToRecord(
  configured: readonly Contract[],
  recorded: ContractsOnRecord,
  now: number,
): ContractsToRecord {
  const before = recordedWith(recorded, { terms: [], ends: [] });
  const ends = before.flatMap((each) => endOfVersion(each, configured, before, now) ?? []);
  const standing = [...recordedWith(recorded, { terms: [], ends })];
  const terms: Contract[] = [];
  const isKnown = (one: Contract): boolean =>
    [...recorded.terms, ...recorded.unreadable].some((each) => isSameVersion(each, one));
  for (const one of configured.toSorted((a, b) => a.version - b.version)) {
    if (isKnown(one)) continue;
    const added = afterOthers(one, standing);
    if (added === null) continue;
    terms.push(added);
    standing.push(added);
  }
  return { terms, ends };
}

function endOfVersion(
  recorded: Contract,
  configured: readonly Contract[],
  before: readonly Contract[],
  now: number,
): VersionEnd | null {
  const { id, version } = recorded;
  const own = configured.find((each) => isSameVersion(each, recorded));
  const earliest = monthBegan(recorded.timeZone, now);
  const begins = (higher: Contract): number => {
    const known = before.find((each) => isSameVersion(each, higher));
    const wanted = known === undefined ? (higher.validFrom === null ? now : startOf(higher)) : startOf(known);
    return Math.max(wanted, earliest);
  };
  // One that is over by then takes nobody's place.
  const higher = configured.filter(
    (each) => each.id === id && each.version > version && endOf(each) > Math.max(begins(each), startOf(recorded)),
  );
  const until = Math.min(own === undefined ? Infinity : Math.max(endOf(own), earliest), ...higher.map(begins));
  return until < endOf(recorded) ? { id, version, until } : null;
}

/** What is new begins once nothing else of its id is in force. Null when nothing is left of it. */
function afterOthers(one: Contract, standing: readonly Contract[]): Contract | null {
  const rivals = standing.filter(
    (each) => each.id === one.id && startOf(each) < endOf(one) && startOf(one) < endOf(each),
  );
  const from = Math.max(startOf(one), ...rivals.map(endOf));
  if (from >= endOf(one)) return null;
  return from === startOf(one) ? one : { ...one, validFrom: new Date(from).toISOString() };
}

/** Of the month that goes on. */
function monthBegan(timeZone: string, now: number): number {
  const [month] = monthsOf(timeZone, { from: now, to: now + 1 });
  return month === undefined ? now : monthSpan(timeZone, month).from;
}
