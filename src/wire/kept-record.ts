/**
 * A record that somebody made and nobody edits: an entry in an incident's case, an announcement, a report. In etcd it is
 * one key with its value; in the ledger one entry of kind `record` that names the key.
 */
import { z } from 'zod';
import { readJson } from './json-text.ts';

/** RFC 3339 UTC with milliseconds. The rest is what the kind of record asks for. */
const valueSchema = z.looseObject({ at: z.iso.datetime({ precision: 3 }) });
const bodySchema = z.looseObject({ v: z.literal(1), key: z.string().min(1), value: valueSchema });

export type RecordValue = Readonly<Record<string, unknown>> & { readonly at: string };

export interface KeptRecord {
  /** Relative to the cluster's prefix, like `cases/<incident>/<entry>`. */
  readonly key: string;
  readonly value: RecordValue;
}

export const formatRecordBody = ({ key, value }: KeptRecord): unknown => ({ v: 1, key, value });

/** Null for what is no such body. */
export const parseRecordBody = (body: unknown): KeptRecord | null => bodySchema.safeParse(body).data ?? null;

/** Null for what is no such value. */
export function parseRecordValue(text: string): RecordValue | null {
  const read = readJson(valueSchema, text);
  return read.ok ? read.value : null;
}
