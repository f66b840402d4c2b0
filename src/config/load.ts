/** Reads batond's configuration and reports all that is wrong with it at once. Looks at no other file: see check-host.ts. */
import { readFileSync, statSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { err, ok, type Result } from '../core/result.ts';
import { type Environment, overlayEnvironment, variableOf } from './environment.ts';
import { type KeyDoc, knownKeys } from './known-keys.ts';
import { foreignSections, type ObserverConfig, observerSchema, withoutForeignSections } from './observer-schema.ts';
import { type ConfigProblem, problemsOf, valueAt } from './problem.ts';
import { parseDuration } from './quantity.ts';
import { type BatonConfig, configSchema, isWithin } from './schema.ts';
import { sharedCrossProblems } from './shared.ts';
import { configFileBytesMax, timingSchema } from './shared-schema.ts';
import { electionProblems } from './timing-checks.ts';

export const configFileDefault = '/etc/baton/baton.yaml';

export type LoadedConfig = LoadedMember | LoadedObserver;

export interface LoadedMember {
  readonly role: 'data';
  readonly config: BatonConfig;
  /** The shared section as it was written, for etcd's `config` key: defaults stay defaults. */
  readonly sharedText: string;
  /** Not in the way of a start, but somebody should read them. */
  readonly warnings: readonly ConfigProblem[];
}

export interface LoadedObserver {
  readonly role: 'observer';
  readonly config: ObserverConfig;
  readonly warnings: readonly ConfigProblem[];
}

/** Every key of the file with its documentation. */
export const configKeys: ReadonlyMap<string, KeyDoc> = knownKeys(configSchema);
const observerKeys: ReadonlyMap<string, KeyDoc> = knownKeys(observerSchema);

export function loadConfig(file: string, env: Environment): Result<LoadedConfig, readonly ConfigProblem[]> {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > configFileBytesMax)
      return err([
        { path: '', problem: `is larger than ${configFileBytesMax} bytes`, mend: 'name a configuration file' },
      ]);
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    return err([
      {
        path: '',
        problem: `cannot be read: ${(thrown as Error).message}`,
        mend: 'name a readable file with --config FILE',
      },
    ]);
  }
  return parseConfig(text, env);
}

export function parseConfig(text: string, env: Environment): Result<LoadedConfig, readonly ConfigProblem[]> {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (yaml.errors.length > 0)
    return err(
      yaml.errors.map((error) => ({
        path: '',
        problem: `not YAML: ${error.message}`,
        mend: 'mend the line',
        line: lines.linePos(error.pos[0]).line,
      })),
    );
  let written: unknown;
  try {
    written = yaml.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    return err([{ path: '', problem: (thrown as Error).message, mend: 'write it without so many aliases' }]);
  }
  if (written !== null && (typeof written !== 'object' || Array.isArray(written)))
    return err([{ path: '', problem: 'is not a list of keys and values', mend: 'see config/examples/domain-1.yaml' }]);

  // Which keys there are, and so which variables, hangs on the role.
  const observes = (env[variableOf('member.role')] ?? valueAt(written, ['member', 'role'])) === 'observer';
  const keys = observes ? observerKeys : configKeys;
  const { document, problems: envProblems, warnings } = overlayEnvironment(written, env, keys);
  if (observes) {
    const own = withoutForeignSections(document);
    const parsed = observerSchema.safeParse(own);
    const problems = [...envProblems, ...foreignSections(document)];
    if (!parsed.success) return refused([...problems, ...problemsOf(parsed.error, own, keys)]);
    return problems.length > 0 ? refused(problems) : ok({ role: 'observer', config: parsed.data, warnings });
  }
  const parsed = configSchema.safeParse(document);
  const problems = [
    ...envProblems,
    ...(parsed.success ? [] : problemsOf(parsed.error, document, keys)),
    ...crossProblems(document),
  ];
  if (!parsed.success || problems.length > 0) return refused(problems);
  const sharedText = JSON.stringify(valueAt(document, ['shared']) ?? {});
  return ok({ role: 'data', config: parsed.data, sharedText, warnings });

  function refused(problems: readonly ConfigProblem[]): Result<never, readonly ConfigProblem[]> {
    return err(problems.map(located).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  }

  function located(problem: ConfigProblem): ConfigProblem {
    return { ...problem, line: lineOf(problem.path) };
  }
  /** Where the key is in the file, or else the nearest section around it. */
  function lineOf(path: string): number | null {
    const parts = path
      .split(/[.[\]]+/)
      .filter((part) => part !== '')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    for (let length = parts.length; length > 0; length -= 1) {
      const line = lineAt(parts.slice(0, length));
      if (line !== null) return line;
    }
    return null;
  }
  function lineAt(parts: readonly (string | number)[]): number | null {
    const node: unknown = yaml.getIn(parts, true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    return range?.[0] === undefined ? null : lines.linePos(range[0]).line;
  }
}

/** What only shows when two sections are seen together. */
function crossProblems(document: unknown): readonly ConfigProblem[] {
  const shared = valueAt(document, ['shared']) ?? {};
  const timing = timingSchema.safeParse(shared);
  const electionTimeout = valueAt(document, ['etcd', 'electionTimeout']) ?? '1s';
  const electionTimeoutMs = parseDuration(String(electionTimeout));
  return [
    ...sharedCrossProblems(shared, ['shared']),
    ...(timing.success && electionTimeoutMs !== null ? electionProblems(timing.data.lease, electionTimeoutMs) : []),
    ...directoryProblems(valueAt(document, ['postgres', 'dataDir']), valueAt(document, ['state']) ?? '/var/lib/baton'),
  ];
}

function directoryProblems(dataDir: unknown, state: unknown): readonly ConfigProblem[] {
  if (typeof dataDir !== 'string' || typeof state !== 'string' || !isWithin(dataDir, state)) return [];
  return [
    {
      path: 'state',
      problem: `is in the data directory ${dataDir}, which a clone or a rewind replaces`,
      mend: 'choose a directory outside of postgres.dataDir',
    },
  ];
}
