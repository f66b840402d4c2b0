/** Each family of checks can fail: it is shown what it is there to see. */
import { describe, expect, test } from 'vitest';
import { leaseId, revision } from '../../../src/core/units.ts';
import type { WalRecord } from '../postgres/directory.ts';
import { FailoverBudget } from './failover-budget.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { SyncContent } from './invariants.ts';
import { type Keys, KeyRules } from './key-rules.ts';
import type { Member } from '../hosts/member.ts';
import { OperationEnds } from './operation-ends.ts';
import { Promises } from './promises.ts';
import { Reads } from './reads.ts';
import { Service } from './service.ts';

describe('who may get the leader key, and who may claim', () => {
  const sync = (leader: string, ...standbys: string[]): SyncContent => ({
    leader,
    standbys,
    mode: 'available',
    copies: {},
  });
  const keys = (leader: string | null, at: number, syncContent: SyncContent, syncRevision: number): Keys => ({
    leader:
      leader === null
        ? null
        : { value: leader, modRevision: revision(at), createRevision: revision(at), leaseId: leaseId('1') },
    syncRevision,
    sync: syncContent,
    forced: null,
    predecessor: null,
    handOver: null,
    timeline: null,
  });
  const problemOf = (...seen: readonly Keys[]) => {
    const rules = new KeyRules();
    return seen.map((each) => rules.look(each)).at(-1);
  };
  const calm = keys('a', 1, sync('a', 'b'), 2);

  test('a named standby takes the key and claims at once', () => {
    expect(problemOf(calm, keys('b', 3, sync('b'), 3))).toBeNull();
  });

  test('the key goes to somebody whom sync does not name', () => {
    expect(problemOf(calm, keys('c', 3, sync('c'), 3))).toContain('the leader key went to c, and sync named a, b');
  });

  test('an operator who accepts loss may have it go to whom sync does not name', () => {
    expect(problemOf(calm, { ...keys('c', 3, sync('c'), 3), forced: 'c' })).toBeNull();
  });

  test('somebody claims who does not hold the key', () => {
    expect(problemOf(calm, keys('a', 1, sync('b'), 3))).toBe("sync became b's, and the leader key is a's");
  });

  test('what somebody else did to the keys is forgotten', () => {
    const rules = new KeyRules();
    rules.look(calm);
    rules.forget();
    expect(rules.look(keys('c', 3, sync('c'), 3))).toBeNull();
  });
});

describe('what clients read', () => {
  const record = (position: number, uid: number): WalRecord => ({
    timeline: 1,
    position,
    uid,
    kind: 'commit',
    id: `client/${uid}`,
  });
  const server = (name: string, timeline: number, records: readonly WalRecord[]) =>
    ({
      host: { name },
      runId: `run-${name}`,
      dir: { timeline, records, flushed: records.length },
    }) as unknown as FakeServer;
  const [first, second, another] = [record(0, 1), record(1, 2), record(1, 3)];

  test('is still there on a newer timeline, or missed there', () => {
    const reads = new Reads();
    const old = server('a', 1, [first, second]);
    reads.leftRecovery(old);
    expect(reads.read(old)).toBeNull();
    expect(reads.read(server('b', 2, [first, second]))).toBeNull();
    expect(reads.read(server('b', 2, [first, another]))).toContain('b on timeline 2 lacks client/2');
  });

  test('goes where an operator accepted the loss, and nowhere else', () => {
    const reads = new Reads();
    const old = server('a', 1, [first, second]);
    reads.leftRecovery(old);
    expect(reads.read(old)).toBeNull();
    const successor = server('b', 2, [first, another]);
    reads.forgive(old.dir);
    expect(reads.read(successor)).toContain('b on timeline 2 lacks client/2');
    reads.forgive(successor.dir);
    expect(reads.read(successor)).toBeNull();
  });

  test('is not what waits for a standby, and may be stale on an older timeline', () => {
    const reads = new Reads();
    const old = server('a', 1, [first, second]);
    reads.committed(old, first);
    expect(reads.read(old)).toBeNull();
    const successor = server('b', 2, [first, another]);
    reads.leftRecovery(successor);
    expect(reads.read(successor)).toBeNull();
    expect(reads.read(old)).toBeNull();
  });
});

describe('the budget of a failover', () => {
  function aBudget() {
    const service = new Service();
    const budget = new FailoverBudget(service, 'available');
    budget.look(true, 0);
    return { service, budget };
  }

  test('is exceeded when nobody serves for longer after a fault that strikes alone', () => {
    const { service, budget } = aBudget();
    budget.begins('kill-postmaster', 6_000);
    service.wanted('client', 6_100);
    expect(budget.look(false, 8_000)).toBeNull();
    expect(budget.look(false, 8_200)).toContain('no service for 2100 ms since kill-postmaster alone');
  });

  test('is not asked for when the cluster was not redundant for long, or another fault strikes as well', () => {
    const { service, budget } = aBudget();
    budget.begins('kill-postmaster', 6_000);
    budget.begins('cut-etcd', 6_500);
    service.wanted('client', 6_500);
    expect(budget.look(false, 60_000)).toBeNull();

    const soon = aBudget();
    soon.budget.begins('kill-postmaster', 4_000);
    soon.service.wanted('client', 4_000);
    expect(soon.budget.look(false, 60_000)).toBeNull();
  });
});

test('an operation that does not end is seen, and one that gives way to another is not', () => {
  const member = (operation: object) =>
    ({
      name: 'a',
      host: { paused: false },
      batond: {
        process: { alive: true, stopped: false },
        face: { latest: () => ({ view: { operation } }) },
      },
    }) as unknown as Member;
  const [clone, again] = [{ kind: 'clone' }, { kind: 'clone' }];
  const ends = new OperationEnds();
  expect(ends.look(member({ kind: 'busy', spec: clone }), 0)).toBeNull();
  expect(ends.look(member({ kind: 'busy', spec: again }), 119_000)).toBeNull();
  expect(ends.look(member({ kind: 'busy', spec: again }), 130_000)).toBeNull();
  expect(ends.look(member({ kind: 'busy', spec: again }), 240_000)).toBe('a has been busy with clone for 121000 ms');
});

describe('what is promised of an acknowledgement', () => {
  const server = (name: string) => ({ host: { name }, runId: `run-${name}` }) as unknown as FakeServer;
  const [a, b] = [server('a'), server('b')];
  const members = [a, b].map((running) => ({ name: running.host.name, running }) as unknown as Member);
  const sync = (leader: string, mode: SyncContent['mode']): SyncContent => ({ leader, standbys: [], mode, copies: {} });
  const promisedAfter = (...seen: readonly SyncContent[]) => {
    const promises = new Promises();
    for (const each of seen) promises.look(members, each);
    const now = seen.at(-1) ?? null;
    return { a: promises.of(a, now), b: promises.of(b, now) };
  };

  test('is what the mode promised in which its member led last, whatever its successor changes', () => {
    const [off, available] = [sync('b', 'off'), sync('b', 'available')];
    expect(promisedAfter(off, sync('a', 'off'), sync('a', 'available'))).toEqual({ a: 'available', b: 'off' });
    expect(promisedAfter(available, sync('a', 'available'), sync('a', 'off'))).toEqual({ a: 'off', b: 'available' });
  });

  test('follows the mode of a leader, and the mode in force where nobody ever led', () => {
    expect(promisedAfter(sync('b', 'off'), sync('b', 'strict'))).toEqual({ a: 'strict', b: 'strict' });
  });
});
