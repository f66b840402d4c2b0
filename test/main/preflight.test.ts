/** What a member asks of etcd before anything of it is started. */
import { describe, expect, test } from 'vitest';
import type { MemberRecord } from '../../src/core/cluster.ts';
import { formatMember } from '../../src/core/key-format.ts';
import { ok } from '../../src/core/result.ts';
import { leaseId, memberName, monoMs, type Ms, revision } from '../../src/core/units.ts';
import { preflight, preflightObserver, type PreflightDeps } from '../../src/main/preflight.ts';
import type { Entry, Observation } from '../../src/ports/coordinator.ts';
import type { Inspection } from '../../src/ports/postgres.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';
import { readSharedPolicy } from '../../src/config/shared.ts';

const self = { name: memberName('a'), postgres: { host: '10.0.0.1', port: 5432 }, apiUrl: 'http://10.0.0.1:8008' };
const living: MemberRecord = {
  ...{
    name: self.name,
    host: '10.0.0.9',
    port: 5432,
    apiUrl: 'http://10.0.0.9:8008',
    role: 'primary',
    state: 'running',
  },
  ...{ version: '0.1.0', protocol: 1, serverVersion: 150_018, location: 'x', priority: 100, tags: {} },
  ...{ leaseId: leaseId('7'), copyId: null, timeline: null, lsn: null, replayLsn: null },
  ...{ divergedKept: null, freeBytes: null, restartingUntil: null, fencedTerm: null },
};

const keys = (entries: Readonly<Record<string, string>>, lease = '7'): Observation => ({
  kind: 'snapshot',
  confirmedMono: monoMs(0),
  snapshot: {
    revision: revision(9),
    etcdClusterId: '1',
    entries: new Map<string, Entry>(
      Object.entries(entries).map(([key, value]) => [
        key,
        {
          value,
          modRevision: revision(5),
          createRevision: revision(5),
          leaseId: leaseId(key.startsWith('members/') ? lease : '0'),
        },
      ]),
    ),
  },
});

const silence: Observation = { kind: 'unreachable', problem: 'nobody answers' };
const absent: Inspection = { kind: 'absent' };
const dataOf = (systemIdentifier: string) => ({ kind: 'present', data: { systemIdentifier } }) as Inspection;

interface Told {
  readonly problems: readonly string[];
  readonly waited: number;
  readonly tookMs: Ms;
}

/** `seen`: what etcd shows, and when. */
async function ask(
  seen: readonly (readonly [atMs: Ms, observation: Observation])[],
  found: Inspection = absent,
  keptLease: string | null = null,
  look = preflight,
): Promise<Told> {
  const clock = new VirtualClock();
  let waited = 0;
  const deps: PreflightDeps = {
    clock,
    self,
    coordinator: {
      follow(observe, signal) {
        const began = clock.mono();
        for (const [atMs, observation] of seen)
          clock.timer(Math.max(0, atMs - began), () => {
            if (!signal.aborted) observe(observation);
          });
      },
      leaseTtl: async () => ok({ kind: 'alive', remainingS: 4, grantedS: 5 }),
    },
    postgres: { inspect: async () => found },
    parseConfig: readSharedPolicy,
    dataDir: '/data',
    keptLease: keptLease === null ? null : leaseId(keptLease),
    waiting: () => {
      waited += 1;
    },
  };
  let done = false;
  const asked = look(deps, new AbortController().signal).finally(() => {
    done = true;
  });
  const startedMono = clock.mono();
  await clock.runUntilFact(() => done, 60_000);
  const problems = (await asked).map(({ path, problem }) => `${path}: ${problem}`);
  return { problems, waited, tookMs: clock.mono() - startedMono };
}

describe('before anything is started', () => {
  const member = (record: MemberRecord = living) => ({ 'members/a': formatMember(record) });

  test('an etcd that knows nothing of this member is no obstacle', async () => {
    expect(await ask([[0, keys({})]])).toMatchObject({ problems: [], waited: 0 });
  });
  test('an etcd that does not answer is waited for, and then no obstacle', async () => {
    const { problems, tookMs } = await ask([[0, silence]]);
    expect(problems).toEqual([]);
    expect(tookMs).toBeLessThanOrEqual(6_000);
  });
  test('a read that failed once is tried again', async () => {
    const { problems } = await ask(
      [
        [0, silence],
        [800, keys({ initialize: '1' })],
      ],
      dataOf('2'),
    );
    expect(problems).toEqual([expect.stringMatching(/^postgres\.dataDir: \/data is of system 2, this cluster is 1/)]);
  });
  test("the cluster's own data is no obstacle, nor is data while the cluster is unknown", async () => {
    expect(await ask([[0, keys({ initialize: '2' })]], dataOf('2'))).toMatchObject({ problems: [] });
    expect(await ask([[0, keys({})]], dataOf('2'))).toMatchObject({ problems: [] });
  });
  test('a living member of this name elsewhere is refused with both addresses', async () => {
    const { problems, waited } = await ask([[0, keys(member())]]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^member\.name: a is the name of a living member at 10\.0\.0\.9:5432 .*; this one is at 10\.0\.0\.1:5432/,
      ),
    ]);
    expect(waited).toBe(1);
  });
  test('a dead member of this name elsewhere is waited for until its lease has ended', async () => {
    const { problems, waited, tookMs } = await ask([
      [0, keys(member())],
      [4_000, keys({})],
    ]);
    expect({ problems, waited }).toEqual({ problems: [], waited: 1 });
    expect(tookMs).toBeLessThan(5_000);
  });
  test('an earlier run of this host is no stranger: by its addresses, or by the lease it kept', async () => {
    const here = { ...living, ...self.postgres, apiUrl: self.apiUrl };
    expect(await ask([[0, keys(member(here))]])).toMatchObject({ problems: [], waited: 0 });
    expect(await ask([[0, keys(member())]], absent, '7')).toMatchObject({ problems: [], waited: 0 });
  });
  test('a member key that cannot be read is left to the loop, which says so', async () => {
    expect(await ask([[0, keys({ 'members/a': 'x' })]])).toMatchObject({ problems: [], waited: 0 });
  });
});

describe('before an observer begins', () => {
  const askObserver = (entries: Readonly<Record<string, string>>) =>
    ask([[0, keys(entries)]], absent, null, preflightObserver);

  test('a cluster that does not know its name is no obstacle, nor is its own key of an earlier run', async () => {
    expect((await askObserver({})).problems).toEqual([]);
    const own = { ...living, host: self.postgres.host, apiUrl: self.apiUrl, role: 'observer' } as const;
    expect((await askObserver({ 'members/a': formatMember(own) })).problems).toEqual([]);
  });
  test.each([
    ['leads', { leader: 'a', sync_standby: null, mode: 'available', copies: {} }],
    ['is waited for', { leader: 'b', sync_standby: 'a', mode: 'available', copies: {} }],
    ['has a copy', { leader: 'b', sync_standby: null, mode: 'available', copies: { a: 'aaaaaaaa' } }],
  ])('the name of a member that %s is refused, whether or not that is up', async (_says, sync) => {
    expect((await askObserver({ sync: JSON.stringify(sync) })).problems).toEqual([
      expect.stringMatching(/^member\.name: a is the name of a member with PostgreSQL/),
    ]);
  });
  test('the name of another living member is refused', async () => {
    expect((await askObserver({ 'members/a': formatMember(living) })).problems).toEqual([
      expect.stringMatching(/^member\.name: a is the name of a living member/),
    ]);
  });
});
