/**
 * Rows of the service as they are written down: instants are RFC 3339 UTC, so that people can read and check them. In
 * the ledger they say whose they are; in etcd they are one member's day, under `service/<day>/<member>`.
 */
import { z } from 'zod';
import type { OutageRow } from '../core/sla/accounting/outage-row.ts';
import type { ServiceSheet } from '../core/sla/service/service-book.ts';
import { readJson } from './json-text.ts';

const instant = z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text));

const rowSchema = z
  .looseObject({
    from: instant,
    to: instant,
    state: z.enum(['up', 'degraded', 'planned', 'down']),
    by: z.enum(['standby', 'leader', 'observer', 'person']),
    sites: z.array(z.string()).nullable(),
  })
  .transform(({ from, to, state, by, sites }): OutageRow => ({ from, to, state, by, sites }));

const entrySchema = z.looseObject({ v: z.literal(1), member: z.string(), rows: z.array(rowSchema) });
const sheetSchema = entrySchema.extend({ day: z.iso.date(), cutOff: z.boolean() });

export const serviceKeyPrefix = 'service/';
export const serviceKey = ({ day, member }: Pick<ServiceSheet, 'day' | 'member'>): string =>
  `${serviceKeyPrefix}${day}/${member}`;

/** The body of a ledger entry of kind `service`. */
export interface ServiceEntry {
  readonly member: string;
  readonly rows: readonly OutageRow[];
}

export const formatServiceEntry = ({ member, rows }: ServiceEntry): unknown => ({
  v: 1,
  member,
  rows: rows.map(writtenRow),
});

/** Null for what is no such body. */
export const parseServiceEntry = (body: unknown): ServiceEntry | null => entrySchema.safeParse(body).data ?? null;

export const formatServiceSheet = ({ day, member, rows, cutOff }: ServiceSheet): string =>
  JSON.stringify({ v: 1, day, member, cutOff, rows: rows.map(writtenRow) });

/** Null for what is no such value. */
export function parseServiceSheet(text: string): ServiceSheet | null {
  const read = readJson(sheetSchema, text);
  return read.ok ? read.value : null;
}

const writtenRow = ({ from, to, state, by, sites }: OutageRow): unknown => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  state,
  by,
  sites,
});
