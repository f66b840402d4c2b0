/** What people added to incidents, as it is kept under `cases/<incident>/<entry>`. */
import { z } from 'zod';
import {
  type CaseAct,
  type CaseEntry,
  type CaseFile,
  caseKeyPrefix,
  wallOfEntryId,
} from '../core/sla/case/case-entry.ts';
import { termsSchema } from './contract.ts';
import { readJson } from './json-text.ts';
import type { KeptRecord, RecordValue } from './kept-record.ts';

const actSchema: z.ZodType<CaseAct> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('acknowledged'), note: z.string() }),
  z.object({ kind: z.literal('note'), text: z.string() }),
  z.object({ kind: z.literal('cause'), trigger: z.string(), rootCause: z.string(), factors: z.array(z.string()) }),
  z.object({ kind: z.literal('action'), text: z.string(), owner: z.string(), due: z.string() }),
  z.object({ kind: z.literal('action-done'), action: z.string(), note: z.string() }),
  z.object({ kind: z.literal('review'), text: z.string() }),
  z.object({ kind: z.literal('signed-off'), note: z.string() }),
  z.object({
    kind: z.literal('amended'),
    reason: z.string(),
    changes: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() })),
    terms: termsSchema.nullable(),
  }),
]);

const valueSchema = z.looseObject({
  v: z.literal(1),
  at: z.iso.datetime({ precision: 3 }),
  by: z.string(),
  what: actSchema,
});

const entrySchema: z.ZodType<CaseEntry> = z.object({
  id: z.string().refine((id) => wallOfEntryId(id) !== null, 'no id of an entry'),
  at: z.iso.datetime({ precision: 3 }),
  by: z.string(),
  what: actSchema,
});

export const caseEntriesSchema: z.ZodType<readonly CaseEntry[]> = z.array(entrySchema);
export const caseFilesSchema: z.ZodType<readonly CaseFile[]> = z.array(
  z.object({ incident: z.string(), entries: z.array(entrySchema) }),
);

export const formatCaseValue = ({ at, by, what }: CaseEntry): RecordValue => ({ v: 1, at, by, what });

/** Null for a record of another shape: of a newer version, or nobody's. */
export function parseCaseRecord({ key, value }: KeptRecord): { incident: string; entry: CaseEntry } | null {
  const [, incident, id] = /^cases\/([^/]+)\/([^/]+)$/.exec(key) ?? [];
  const parsed = valueSchema.safeParse(value);
  if (incident === undefined || id === undefined || wallOfEntryId(id) === null || !parsed.success) return null;
  const { at, by, what } = parsed.data;
  return { incident, entry: { id, at, by, what } };
}

/** Those that can be read, by incident and in order. Whoever reads them often gives a `parse` that remembers. */
export function caseFiles(records: readonly KeptRecord[], parse = parseCaseRecord): readonly CaseFile[] {
  const files = new Map<string, CaseEntry[]>();
  for (const record of records.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const parsed = parse(record);
    if (parsed === null) continue;
    const entries = files.get(parsed.incident) ?? [];
    entries.push(parsed.entry);
    files.set(parsed.incident, entries);
  }
  return [...files].map(([incident, entries]) => ({ incident, entries }));
}

/** The same of keys as etcd has them. */
export const caseFilesOfKeys = (keys: ReadonlyMap<string, { readonly value: string }>): readonly CaseFile[] =>
  caseFiles(
    [...keys].flatMap(([key, { value }]) => {
      const read = key.startsWith(caseKeyPrefix) ? readJson(valueSchema, value) : null;
      return read?.ok ? [{ key, value: read.value }] : [];
    }),
  );
