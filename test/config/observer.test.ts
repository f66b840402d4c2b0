/** The configuration file of an observer. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkObserverHost } from '../../src/config/check-host.ts';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

const file = {
  cluster: 'domain-1',
  member: { name: 'london-o', location: 'london', role: 'observer' },
  etcd: { endpoints: ['http://127.0.0.1:2379'] },
  probe: { passwordFile: '/etc/baton/probe' },
  api: { listen: '127.0.0.11:8008' },
};
const problems = (changes: Readonly<Record<string, unknown>>, env: Environment = {}) => {
  const result = parseConfig(JSON.stringify({ ...file, ...changes }), env);
  return result.ok ? [] : result.error.map(({ path, problem, mend }) => `${path}: ${problem} | ${mend}`);
};

test('needs no PostgreSQL: who it is, etcd, a role to log in as, and an API', () => {
  expect(parseConfig(JSON.stringify(file), {})).toMatchObject({
    ok: true,
    value: {
      role: 'observer',
      config: {
        probe: { username: 'baton_probe' },
        state: '/var/lib/baton',
        ledger: { maxSize: 128 * 1024 ** 2 },
        log: { level: 'info' },
      },
      warnings: [],
    },
  });
});

test('the example is of the cluster of the two hosts', () => {
  const [observer, member] = ['london-o', 'slough-a'].map((name) =>
    loadConfig(`config/examples/two-hosts/${name}.yaml`, {}),
  );
  if (!observer?.ok || !member?.ok) throw new Error('an example does not load');
  expect(observer.value.role).toBe('observer');
  expect(observer.value.config.cluster).toBe(member.value.config.cluster);
  expect(observer.value.config.etcd).toEqual(member.value.config.etcd);
});

test('the runbook’s is the example', () => {
  const [, typed = ''] =
    /```yaml\n(cluster:[^`]*role: observer[^`]*)```/.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
  const example = loadConfig('config/examples/two-hosts/london-o.yaml', {});
  expect(example.ok).toBe(true);
  expect(parseConfig(typed, {})).toEqual(example);
});

test('the role may come from the environment, and so may the keys that it has', () => {
  const text = JSON.stringify({ ...file, member: { name: 'london-o', location: 'london' } });
  const env = { BATON_MEMBER_ROLE: 'observer', BATON_PROBE_USERNAME: 'wagtail' };
  expect(parseConfig(text, env)).toMatchObject({ ok: true, value: { config: { probe: { username: 'wagtail' } } } });
});

describe('what is refused, with the path of the key', () => {
  const rows: readonly (readonly [says: string, changes: Readonly<Record<string, unknown>>, expected: RegExp])[] = [
    [
      'a data directory',
      { postgres: { dataDir: '/var/lib/baton/domain-1', binDir: '/usr/lib/postgresql/15/bin' } },
      /^postgres\.dataDir: is given, and an observer \(member\.role\) has no PostgreSQL \| remove the postgres section/,
    ],
    ['a PostgreSQL without one', { postgres: { listen: '127.0.0.1:5432' } }, /^postgres: is given, and an observer/],
    [
      'what the members share',
      { shared: { lease: { ttl: '5s' } } },
      /^shared: is given, and an observer takes what is shared from etcd/,
    ],
    ['nothing to log in as', { probe: undefined }, /^probe: is missing/],
    [
      'a priority: it is never a candidate',
      { member: { ...file.member, priority: 100 } },
      /^member\.priority: unknown key \| remove it; known here: name, location, role/,
    ],
    [
      'an API on every interface that nobody can dial',
      { api: { listen: '0.0.0.0:8008' } },
      /^api\.listen: is every interface/,
    ],
    ['a key that there is not', { probes: {} }, /^probes: unknown key \| did you mean probe\?/],
  ];
  test.each(rows)('%s', (_says, changes, expected) => {
    expect(problems(changes)).toEqual([expect.stringMatching(expected)]);
  });
  test('the section probe, of a member with PostgreSQL', () => {
    expect(
      problems({ member: { name: 'a', location: 'x' }, postgres: undefined }).some((each) =>
        each.startsWith('probe: unknown key'),
      ),
    ).toBe(true);
  });
});

test('the host needs the secret, and a state directory that is its own', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'baton-observer-'));
  try {
    const passwordFile = join(directory, 'probe');
    const loaded = parseConfig(
      JSON.stringify({ ...file, probe: { passwordFile }, state: join(directory, 'state') }),
      {},
    );
    if (!loaded.ok || loaded.value.role !== 'observer') throw new Error('it does not load');
    const { config } = loaded.value;
    expect(await checkObserverHost(config)).toMatchObject([{ path: 'probe.passwordFile' }]);
    writeFileSync(passwordFile, 'hunter2\n', { mode: 0o600 });
    expect(await checkObserverHost(config)).toEqual([]);
    writeFileSync(join(directory, 'state'), '');
    expect(await checkObserverHost(config)).toMatchObject([
      { path: 'state', problem: expect.stringContaining('is not a directory') },
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
