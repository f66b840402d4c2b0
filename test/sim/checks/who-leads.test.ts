/** The checks of who leads, on what lease and by which transaction can fail: each is shown what it is there to see. */
import { describe, expect, test } from 'vitest';
import { leaseId, revision } from '../../../src/core/units.ts';
import type { Entry } from '../../../src/ports/coordinator.ts';
import type { SimDirectory } from '../postgres/directory.ts';
import type { Member } from '../hosts/member.ts';
import { Copies } from './copies.ts';
import type { SyncContent } from './invariants.ts';
import type { Keys } from './key-rules.ts';
import { LeaseDeadline } from './lease-deadline.ts';
import { Overtaken } from './overtaken.ts';
import { Reservations } from './reservations.ts';
import { Succession } from './succession.ts';
import { type LeaderNow, Transactions } from './transactions.ts';

const process = { alive: true, stopped: false };

/** A host where everything runs, and its PostgreSQL is what `running` says. */
const member = (name: string, running: object | null): Member =>
  ({
    name,
    host: { powered: true, paused: false },
    batond: { process },
    guardian: { process },
    disk: { storage: { state: { kind: 'sound' } } },
    running,
  }) as unknown as Member;

const primary = (byHand = false) => ({
  phase: 'primary',
  runId: 'run-1',
  process,
  recovery: { byHand },
  waits: { loaded: { names: ['baton_b_1'], nobody: false } },
});

const entry = (value: string, at: number): Entry => ({
  value,
  modRevision: revision(at),
  createRevision: revision(at),
  leaseId: leaseId('1'),
});

const syncOf = (leader: string, mode: SyncContent['mode']): SyncContent => ({ leader, standbys: [], mode, copies: {} });

describe('a commit in mode off', () => {
  const confirmed = { sentMs: 1_000, ttlMs: 5_000 };

  test('is acknowledged within the lease, counted from the send, and not after it', () => {
    const leases = new LeaseDeadline();
    expect(leases.acknowledged('run-1', confirmed, 5_500)).toBeNull();
    expect(leases.acknowledged('run-1', confirmed, 5_900)).toContain('4900 ms after the last confirmed renewal');
  });

  test('is excused for a moment after the guardian stood still', () => {
    const leases = new LeaseDeadline();
    leases.look({ ...member('a', primary()), guardian: { process: { ...process, stopped: true } } } as Member, 7_000);
    expect(leases.acknowledged('run-1', confirmed, 7_900)).toBeNull();
    expect(leases.acknowledged('run-1', confirmed, 8_100)).not.toBeNull();
  });
});

describe('a transaction', () => {
  const nobody: LeaderNow = { holder: null, mode: 'available', regularMs: 0, refuses: false };
  const takes = (compares: readonly string[]) => ({
    compares: compares.map((key) => ({ key, modRevision: revision(1) })),
    writes: [{ op: 'put', key: 'leader', value: 'b', leaseId: leaseId('2') } as const],
  });
  const [a, b] = [member('a', primary()), member('b', null)];

  test('that writes the leader key compares sync as well', () => {
    const seen = new Transactions();
    expect(seen.sent(b, takes(['leader', 'sync']), nobody, 1)).toBeNull();
    expect(seen.sent(b, takes(['leader']), nobody, 1)?.detail).toBe('b writes leader and does not compare sync');
  });

  test('does not take the key of a leader that renews its lease, and in mode off not of one that does not', () => {
    const seen = new Transactions();
    const whole = takes(['leader', 'sync']);
    const holder = { ...nobody, holder: a };
    expect(seen.sent(b, whole, { ...holder, regularMs: 1_000 }, 9_000)).toBeNull();
    expect(seen.sent(b, whole, { ...holder, regularMs: 8_000, refuses: true }, 9_000)).toBeNull();
    expect(seen.sent(b, whole, { ...holder, regularMs: 8_000 }, 9_000)?.invariant).toBe('I7 on evidence');
    expect(seen.sent(b, whole, { ...holder, mode: 'off' }, 9_000)?.invariant).toBe('I7 never early in off');
  });

  test('may take it while nobody listens where the leader was', () => {
    const seen = new Transactions();
    seen.look(member('a', null), 8_000);
    const holder = { ...nobody, holder: a, regularMs: 8_000 };
    expect(seen.sent(b, takes(['leader', 'sync']), holder, 9_000)).toBeNull();
  });
});

describe('the leader key', () => {
  const keys = (more: Partial<Keys>): Keys => ({
    leader: entry('a', 1),
    syncRevision: revision(1),
    sync: syncOf('a', 'available'),
    forced: null,
    predecessor: null,
    handOver: null,
    timeline: null,
    ...more,
  });
  const problemOf = (running: object | null, ...seen: readonly (readonly [atMs: number, keys: Keys])[]) => {
    const succession = new Succession();
    const members = [member('a', running), member('b', null)];
    return seen.map(([atMs, each]) => succession.look(each, members, atMs)).at(-1);
  };

  test('is taken by one who says from whom', () => {
    const taken = keys({ leader: entry('b', 2), sync: syncOf('b', 'available') });
    expect(problemOf(null, [0, keys({})], [9, taken])?.invariant).toBe('who led');
    expect(problemOf(null, [0, keys({})], [9, { ...taken, predecessor: entry('a', 2) }])).toBeNull();
  });

  test('passes in mode off when the old postgres is gone, or one ttl after the key is', () => {
    const before = keys({ sync: syncOf('a', 'off') });
    const after = keys({ leader: entry('b', 2), sync: syncOf('b', 'off'), predecessor: entry('a', 2) });
    const vanished = { ...before, leader: null };
    expect(problemOf(primary(), [0, before], [10, vanished], [900, after])?.invariant).toBe('I7 fenced or waited for');
    expect(problemOf(primary(), [0, before], [10, vanished], [5_200, after])).toBeNull();
    expect(problemOf(null, [0, before], [10, vanished], [900, after])).toBeNull();
    const handed = { ...after, predecessor: null, handOver: entry('{}', 2) };
    expect(problemOf(primary(), [0, before], [10, handed])?.detail).toContain('was handed the key');
  });
});

describe('a primary that does not lead', () => {
  const lookAt = (running: object, sync: SyncContent, atMs: number) => {
    const overtaken = new Overtaken();
    const standing = () => ({ sync, reachesEtcd: true, confirmed: { sentMs: 0, ttlMs: 5_000 } });
    overtaken.look(member('a', running), standing, 0);
    return overtaken.look(member('a', running), standing, atMs)?.invariant ?? null;
  };

  test('is fenced soon when somebody promoted it by hand', () => {
    expect(lookAt(primary(true), syncOf('b', 'available'), 4_000)).toBeNull();
    expect(lookAt(primary(true), syncOf('b', 'available'), 6_000)).toBe('I8 no primary without a claim');
  });

  test('is fenced when neither etcd nor a standby has confirmed it for long, and not while it claims', () => {
    expect(lookAt(primary(), syncOf('b', 'available'), 9_000)).toBeNull();
    expect(lookAt(primary(), syncOf('b', 'available'), 11_000)).toBe('I6 no leader without proof');
    expect(lookAt(primary(), syncOf('a', 'available'), 11_000)).toBeNull();
  });
});

test('a copy of the data that has the name of another is seen', () => {
  const directory = () => ({ copyName: () => 'baton_a_1', unstartable: null }) as unknown as SimDirectory;
  const [one, other] = [directory(), directory()];
  const at = (data: SimDirectory) => ({ name: 'a', disk: { data } }) as unknown as Member;
  const copies = new Copies();
  expect(copies.look(at(one))).toBeNull();
  expect(copies.look(at(one))).toBeNull();
  expect(copies.look(at(other))).toContain('baton_a_1');
});

test('a timeline that is reserved for two copies is seen, and one that a copy reserves again is not', () => {
  const reserved = (number: number, copy: string, at: number) =>
    entry(JSON.stringify({ number, member: 'a', copy_id: copy }), at);
  const reservations = new Reservations();
  expect(reservations.look(reserved(2, 'one', 1))).toBeNull();
  expect(reservations.look(reserved(2, 'one', 2))).toBeNull();
  expect(reservations.look(reserved(3, 'two', 3))).toBeNull();
  expect(reservations.look(reserved(3, 'one', 4))).toContain('3 was reserved for another copy');
});
