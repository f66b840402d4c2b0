/** Announcements as they are written down: `maintenance/<id>`, and `maintenance/<id>-cancelled` when called off. */
import { z } from 'zod';
import type { MaintenanceRecord } from '../core/sla/maintenance/announcement.ts';
import type { KeptRecord } from './kept-record.ts';

export const maintenanceKeyPrefix = 'maintenance/';
const cancelledSuffix = '-cancelled';
const instant = z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text));
const ids = z.array(z.string()).nullable();

const announcedSchema = z.looseObject({
  at: instant,
  by: z.string(),
  from: instant,
  to: instant,
  contracts: ids,
  sites: ids,
  reason: z.string(),
});
const cancelledSchema = z.looseObject({ at: instant, by: z.string() });

export function formatMaintenance(record: MaintenanceRecord, reason: string): KeptRecord {
  const at = rfc3339(record.at);
  const key = `${maintenanceKeyPrefix}${record.id}`;
  if (record.kind === 'cancelled') return { key: key + cancelledSuffix, value: { v: 1, at, by: record.by, reason } };
  const { by, from, to, contracts, sites } = record;
  return { key, value: { v: 1, at, by, from: rfc3339(from), to: rfc3339(to), contracts, sites, reason } };
}

/** Null for what is no such record. */
export function parseMaintenance({ key, value }: KeptRecord): MaintenanceRecord | null {
  const name = key.slice(maintenanceKeyPrefix.length);
  if (name.endsWith(cancelledSuffix)) {
    const read = cancelledSchema.safeParse(value).data;
    return read === undefined
      ? null
      : { kind: 'cancelled', id: name.slice(0, -cancelledSuffix.length), at: read.at, by: read.by };
  }
  const read = announcedSchema.safeParse(value).data;
  if (read === undefined || read.from >= read.to) return null;
  const { at, by, from, to, contracts, sites, reason } = read;
  return { kind: 'announced', id: name, at, by, from, to, contracts, sites, reason };
}

const rfc3339 = (at: number): string => new Date(at).toISOString();
