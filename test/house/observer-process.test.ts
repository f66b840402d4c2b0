/** What code there is in the process of an observer: nothing in it takes the leadership, writes `sync`, or touches a PostgreSQL. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const project = dirname(dirname(import.meta.dirname));

/** Every module that is loaded when this one is: types alone load nothing. */
function loadedBy(entry: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [join(project, entry)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(path, 'utf8');
    for (const [, from] of text.matchAll(/^(?:import(?! type\b)[^;]*?from |export [^;]*?from |import )'(\.[^']+)';/gms))
      if (from !== undefined) waiting.push(join(dirname(path), from));
  }
  return new Set([...found].map((path) => relative(project, path)));
}

const powers = [
  ...['decide', 'decide-leader', 'decide-follower', 'decide-leaderless', 'decide-primary', 'decide-switchover'],
  ...['transactions', 'create-cluster', 'sync-membership', 'guardian-policy'],
].map((name) => `src/core/${name}.ts`);
const hands = [
  ...['run-supervisor', 'performer', 'operations', 'requests', 'sensors', 'fence-remotely', 'memory'].map(
    (name) => `src/daemon/${name}.ts`,
  ),
  ...['create-postgres', 'peers', 'promote', 'remote-fence', 'leader', 'clone'].map(
    (name) => `src/adapters/postgres/${name}.ts`,
  ),
  ...['src/adapters/guardian/create-guardian.ts', 'src/guardian/run-guardian.ts', 'src/adapters/process-host.ts'],
];

test('the process of a member with PostgreSQL has all of it, so that these names mean something', () => {
  const member = loadedBy('src/main/run-member.ts');
  const guardian = loadedBy('src/main/guardian.ts');
  expect([...powers, ...hands].filter((path) => !member.has(path) && !guardian.has(path))).toEqual([]);
});

test('the process of an observer has none of it', () => {
  const observer = loadedBy('src/main/run-observer.ts');
  expect(observer.size).toBeGreaterThan(100);
  expect(observer).toContain('src/daemon/record-keeping.ts');
  expect([...powers, ...hands].filter((path) => observer.has(path))).toEqual([]);
});

test('batond loads one of the two, by its role', () => {
  const common = loadedBy('src/main/batond.ts');
  expect([...common].filter((path) => path.startsWith('src/daemon/') || path.startsWith('src/adapters/'))).toEqual([]);
});
