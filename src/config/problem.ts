/** What is wrong with a configuration, for the person who must mend it. */
import type { z } from 'zod';
import type { KeyDoc } from './known-keys.ts';
import { nearest } from './nearest.ts';

export interface ConfigProblem {
  /** The key as it is written in the file: `shared.lease.ttl`, `etcd.endpoints[1]`; empty for the whole document. */
  readonly path: string;
  readonly problem: string;
  /** What to do about it. */
  readonly mend: string;
  /** Line of the file, from 1; null when the value is not from the file. */
  readonly line?: number | null;
}

/** `['etcd', 'endpoints', 1]` is `etcd.endpoints[1]`. */
export function pathText(parts: readonly PropertyKey[]): string {
  return parts
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`))
    .join('');
}

/** A field's own check: `params.mend` travels with the issue. */
export const fieldProblem = (message: string, mend: string, path: PropertyKey[] = []) =>
  ({ code: 'custom', message, params: { mend }, path }) as const;

/** Every problem that the schema found in `document`. `docs` holds the known keys, below `prefix`. */
export function problemsOf(
  error: z.ZodError,
  document: unknown,
  docs: ReadonlyMap<string, KeyDoc>,
  prefix: readonly string[] = [],
): readonly ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const parts = [...prefix, ...issue.path];
    const path = pathText(parts);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...parts, key], docs));
    if (issue.code === 'custom') {
      const mend: unknown = issue.params?.mend;
      return [{ path, problem: issue.message, mend: typeof mend === 'string' ? mend : describe(parts, docs) }];
    }
    if (valueAt(document, issue.path) === undefined)
      return [{ path, problem: 'is missing', mend: describe(parts, docs) }];
    return [{ path, problem: lowerFirst(issue.message), mend: describe(parts, docs) }];
  });
}

function unknownKey(parts: readonly PropertyKey[], docs: ReadonlyMap<string, KeyDoc>): ConfigProblem {
  const parent = genericPath(parts.slice(0, -1), docs);
  const key = String(parts.at(-1));
  const siblings = [...docs.keys()].filter((path) => parentOf(path) === parent).map((path) => lastOf(path));
  const near = nearest(key, siblings);
  // Right name, wrong place: `ttl` beside `lease` instead of in it.
  const elsewhere = [...docs.keys()].filter((path) => lastOf(path) === key);
  const mend =
    near !== null
      ? `did you mean ${near}?`
      : elsewhere.length > 0
        ? `did you mean ${elsewhere.join(' or ')}?`
        : `remove it; known here: ${siblings.join(', ')}`;
  return { path: pathText(parts), problem: 'unknown key', mend };
}

function describe(parts: readonly PropertyKey[], docs: ReadonlyMap<string, KeyDoc>): string {
  const doc = docs.get(genericPath(parts, docs));
  if (doc === undefined) return 'see config/examples/domain-1.yaml for how it is written';
  const byDefault = doc.defaultText === null ? '' : ` (default ${doc.defaultText})`;
  return `expected: ${doc.text}${byDefault}`;
}

/** The path under which the docs know a key: list positions become `[]`, names in a record `*`. */
function genericPath(parts: readonly PropertyKey[], docs: ReadonlyMap<string, KeyDoc>): string {
  let path = '';
  for (const part of parts) {
    if (typeof part === 'number') path = `${path}[]`;
    else {
      const named = path === '' ? String(part) : `${path}.${String(part)}`;
      path = docs.has(named) || !docs.has(`${path}.*`) ? named : `${path}.*`;
    }
  }
  return path;
}

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('.'), 0));
const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** One line for each problem and one for its mend; `file` is what the person opens. */
export function problemText(file: string, problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ path, problem, mend, line }) => {
      const where = typeof line === 'number' ? `${file}:${line}` : file;
      return `${where}: ${path === '' ? '' : `${path}: `}${problem}\n    ${mend}`;
    })
    .join('\n');
}
