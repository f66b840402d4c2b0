/**
 * `BATON_*` over file. A variable's name is the key's path in capitals, its parts joined by underscores and split where
 * a capital letter was: `member.name` is BATON_MEMBER_NAME, `postgres.dataDir` BATON_POSTGRES_DATA_DIR. A text is taken
 * as it is, everything else is read as YAML; a list may also be written with commas between its items.
 */
import { parse as parseYaml } from 'yaml';
import type { KeyDoc } from './known-keys.ts';
import { nearest } from './nearest.ts';
import type { ConfigProblem } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'BATON_';
/** Not keys: where the file is, and the mark that a test rig's processes are found by. */
const otherVariables = new Set(['BATON_CONFIG', 'BATON_RIG']);

export interface Overlaid {
  readonly document: unknown;
  readonly problems: readonly ConfigProblem[];
  /**
   * Variables that name no key. They do not stop a start: Kubernetes sets BATON_PORT and the like for a service that is
   * called baton.
   */
  readonly warnings: readonly ConfigProblem[];
}

export const variableOf = (path: string): string =>
  prefix +
  path
    .replaceAll('.', '_')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();

/** A copy of the file's document with the variables' values put into it. */
export function overlayEnvironment(document: unknown, env: Environment, docs: ReadonlyMap<string, KeyDoc>): Overlaid {
  const settable = new Map(
    [...docs]
      .filter(([path, doc]) => doc.holds !== 'section' && !/[[*]/.test(path))
      .map(([path, doc]) => [variableOf(path), { path, doc }]),
  );
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const result: unknown = structuredClone(document ?? {});
  for (const [variable, text] of Object.entries(env).toSorted()) {
    if (!variable.startsWith(prefix) || otherVariables.has(variable) || text === undefined) continue;
    const key = settable.get(variable);
    if (key === undefined) {
      const near = nearest(variable, [...settable.keys()]);
      warnings.push({
        path: variable,
        problem: 'names no key and is ignored',
        mend: near === null ? 'unset it' : `did you mean ${near}?`,
      });
      continue;
    }
    const value = readValue(text, key.doc);
    if (value === undefined)
      problems.push({ path: variable, problem: 'is not YAML', mend: `expected: ${key.doc.text}` });
    else if (!put(result, key.path.split('.'), value))
      problems.push({
        path: variable,
        problem: `cannot be put into the file, where part of ${key.path} is not a section`,
        mend: 'mend the file',
      });
  }
  return { document: result, problems, warnings };
}

/** Undefined when the text cannot be read. */
function readValue(text: string, doc: KeyDoc): unknown {
  if (doc.holds === 'text') return text;
  try {
    const value: unknown = parseYaml(text);
    if (doc.holds === 'list' && !Array.isArray(value)) return text.split(',').map((item) => item.trim());
    return value;
  } catch {
    return undefined;
  }
}

function put(document: unknown, path: readonly string[], value: unknown): boolean {
  let section: unknown = document;
  for (const name of path.slice(0, -1)) {
    if (!isSection(section)) return false;
    section[name] ??= {};
    section = section[name];
  }
  if (!isSection(section)) return false;
  section[path.at(-1) ?? ''] = value;
  return true;
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
