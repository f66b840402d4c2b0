/**
 * Announced maintenance: who said when, before it began, that service may be away from when until when. It is believed
 * by the instant at which it was recorded, so it cannot be backdated; calling it off is a second record.
 */
import type { Maintenance } from '../accounting/exclusion.ts';
import type { Contract, Promises } from '../contract.ts';

export interface Announcement extends Maintenance {
  readonly by: string;
  readonly reason: string;
  /** Ids; null with `sites` null too: everything that the cluster serves. */
  readonly contracts: readonly string[] | null;
  readonly sites: readonly string[] | null;
  /** Null while it is on. */
  readonly cancelledBy: string | null;
}

/** By what verdicts are made: what is promised, and the maintenance that may exclude from it. */
export interface Terms extends Promises {
  /** Left out: none. */
  readonly maintenance?: readonly Announcement[];
}

/** What one record says, under `maintenance/<id>` or `maintenance/<id>-cancelled`. Instants in ms since the epoch. */
export type MaintenanceRecord =
  | {
      readonly kind: 'announced';
      readonly id: string;
      readonly at: number;
      readonly by: string;
      readonly from: number;
      readonly to: number;
      readonly contracts: readonly string[] | null;
      readonly sites: readonly string[] | null;
      readonly reason: string;
    }
  | { readonly kind: 'cancelled'; readonly id: string; readonly at: number; readonly by: string };

/** By their beginning. The records may come in any order; calling off what nobody announced is nothing. */
export function announcementsOf(records: Iterable<MaintenanceRecord>): readonly Announcement[] {
  const announced = new Map<string, Extract<MaintenanceRecord, { kind: 'announced' }>>();
  const cancelled = new Map<string, Extract<MaintenanceRecord, { kind: 'cancelled' }>>();
  for (const record of records)
    if (record.kind === 'announced') announced.set(record.id, record);
    else cancelled.set(record.id, record);
  return [...announced.values()]
    .map(({ kind: _kind, at, ...rest }) => ({
      ...rest,
      announcedAt: at,
      cancelledAt: cancelled.get(rest.id)?.at ?? null,
      cancelledBy: cancelled.get(rest.id)?.by ?? null,
    }))
    .toSorted((one, other) => one.from - other.from || (one.id < other.id ? -1 : 1));
}

/** A contract whose downtime is that of the worst of its sites is covered when all of its sites are. */
export function covers({ contracts, sites }: Announcement, contract: Contract): boolean {
  if (contracts === null && sites === null) return true;
  return contracts?.includes(contract.id) === true || contract.sites.every((site) => sites?.includes(site) === true);
}

/** Those whose windows meet a stretch of time. Instants in ms since the epoch. */
export const meeting = (announcements: readonly Announcement[], from: number, to: number): readonly Announcement[] =>
  announcements.filter((each) => each.from < to && each.to > from);

export const covering = (announcements: readonly Announcement[], contract: Contract): readonly Announcement[] =>
  announcements.filter((each) => covers(each, contract));

/** The one whose window `at` is in, if any; one that was called off ends there. */
export const inWindow = (announcements: readonly Announcement[], at: number): Announcement | null =>
  announcements.find(({ from, to, cancelledAt }) => from <= at && at < Math.min(to, cancelledAt ?? to)) ?? null;
