/**
 * What a schema says of its own keys: their paths, documentation and defaults. Error texts, the nearest known key and
 * the names of the `BATON_*` variables all come from here, so that they cannot drift from the schema.
 */
import { z } from 'zod';

export interface KeyDoc {
  readonly text: string;
  /** As it would be written in YAML; null when the key is required or simply absent by default. */
  readonly defaultText: string | null;
  /** `text` and `value` hold one value that an environment variable can give; `section` holds other keys. */
  readonly holds: 'section' | 'text' | 'value' | 'list';
}

/** Keyed by path; the elements of a list are `path[]`, the values of a record `path.*`. */
export function knownKeys(schema: z.ZodType, prefix = ''): ReadonlyMap<string, KeyDoc> {
  const docs = new Map<string, KeyDoc>();
  visit(schema, prefix, docs);
  return docs;
}

function visit(schema: z.core.$ZodType, path: string, docs: Map<string, KeyDoc>): void {
  const { inner, text, defaultText } = unwrap(schema);
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (path !== '') docs.set(path, { text, defaultText, holds: holds(inner) });
  if (inner instanceof z.ZodObject)
    for (const [name, field] of Object.entries(inner.shape)) visit(field as z.core.$ZodType, below(name), docs);
  else if (inner instanceof z.ZodArray) visit(inner.element as z.core.$ZodType, `${path}[]`, docs);
  else if (inner instanceof z.ZodRecord) visit(inner.valueType as z.core.$ZodType, below('*'), docs);
  else if (inner instanceof z.ZodDiscriminatedUnion)
    for (const option of inner.options) alternative(option, path, docs);
}

/** The keys of each kind; where two kinds have one of the same name, that of the first. */
function alternative(option: z.core.$ZodType, path: string, docs: Map<string, KeyDoc>): void {
  const of = new Map<string, KeyDoc>();
  visit(option, path, of);
  of.delete(path);
  for (const [key, doc] of of) if (!docs.has(key)) docs.set(key, doc);
}

function holds(schema: z.core.$ZodType): KeyDoc['holds'] {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodDiscriminatedUnion) return 'section';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum || schema instanceof z.ZodUnion) return 'text';
  return 'value';
}

/** Takes off optional, default and transform; the outermost description counts. */
function unwrap(schema: z.core.$ZodType): { inner: z.core.$ZodType; text: string; defaultText: string | null } {
  let inner = schema;
  let text = '';
  let defaultText: string | null = null;
  for (;;) {
    text ||= z.globalRegistry.get(inner)?.description ?? '';
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      defaultText ??= valueText(inner.def.defaultValue);
      inner = inner.def.innerType;
    } else if (inner instanceof z.ZodOptional) inner = inner.def.innerType;
    else if (inner instanceof z.ZodPipe) inner = inner.def.in;
    else return { inner, text, defaultText };
  }
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
