import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Change, Reading } from '../../src/adapters/etcd/endpoint.ts';
import { Mirror } from '../../src/adapters/etcd/mirror.ts';
import { leaseId, revision } from '../../src/core/units.ts';
import type { Entry } from '../../src/ports/coordinator.ts';
import { FakeEtcdStore } from '../sim/etcd/fake-etcd-store.ts';

const entry = (value: string, at: number): Entry => ({
  value,
  modRevision: revision(at),
  createRevision: revision(at),
  leaseId: leaseId('0'),
});
const reading = (at: number, entries: Record<string, Entry>, more: Partial<Reading> = {}): Reading => ({
  etcdClusterId: 'c1',
  revision: revision(at),
  since: null,
  entries: new Map(Object.entries(entries)),
  deleted: [],
  count: Object.keys(entries).length,
  ...more,
});
const change = (key: string, at: number, value: string | null): Change => ({
  key,
  revision: revision(at),
  entry: value === null ? null : entry(value, at),
});
const values = (mirror: Mirror) =>
  Object.fromEntries([...(mirror.snapshot?.entries ?? [])].map(([key, { value }]) => [key, value]));

function aMirror(): Mirror {
  const mirror = new Mirror();
  mirror.absorb(reading(10, { leader: entry('a', 5), sync: entry('s', 8) }), null);
  return mirror;
}

describe('the mirror of a cluster’s prefix', () => {
  test('applies an event once, whichever watch brings it first', () => {
    const mirror = aMirror();
    expect(mirror.apply([change('leader', 11, 'b')])).toBe(true);
    expect(mirror.apply([change('leader', 12, null)])).toBe(true);
    expect(mirror.apply([change('leader', 11, 'b'), change('leader', 12, null)])).toBe(false);
    expect(values(mirror)).toEqual({ sync: 's' });
    expect(mirror.snapshot?.revision).toBe(12);
  });

  test('never changes a snapshot that somebody holds', () => {
    const mirror = aMirror();
    const held = mirror.snapshot;
    mirror.apply([change('leader', 11, 'b')]);
    expect(held?.entries.get('leader')?.value).toBe('a');
  });

  test('keeps what it has when a read comes late', () => {
    const mirror = aMirror();
    mirror.apply([change('leader', 13, 'b')]);
    expect(mirror.absorb(reading(12, { leader: entry('old', 12) }), revision(10))).toBe('current');
    expect(values(mirror)).toEqual({ leader: 'b', sync: 's' });
  });

  test('takes what a transaction shows, also across changes that it missed', () => {
    const mirror = aMirror();
    const shown = reading(
      15,
      { leader: entry('c', 15), other: entry('o', 13) },
      { since: revision(10), count: 2, deleted: ['sync'] },
    );
    expect(mirror.absorb(shown, revision(10))).toBe('current');
    expect(values(mirror)).toEqual({ leader: 'c', other: 'o' });
  });

  test('asks for everything when something was deleted that the reading cannot name', () => {
    const mirror = aMirror();
    expect(
      mirror.absorb(reading(15, { leader: entry('c', 15) }, { since: revision(10), count: 1 }), revision(10)),
    ).toBe('incomplete');
    expect(values(mirror)).toEqual({ leader: 'a', sync: 's' });
  });

  test('asks for everything when the reading begins after what is known', () => {
    expect(aMirror().absorb(reading(15, {}, { since: revision(12), count: 2 }), revision(10))).toBe('incomplete');
    expect(new Mirror().absorb(reading(15, {}, { since: revision(12), count: 0 }), null)).toBe('incomplete');
  });

  test('mends an event that every watch missed by the next read', () => {
    const mirror = aMirror();
    mirror.apply([change('sync', 12, 't')]); // 11 was missed
    mirror.absorb(
      reading(12, { leader: entry('b', 11), sync: entry('t', 12) }, { since: revision(10), count: 2 }),
      revision(12),
    );
    expect(values(mirror)).toEqual({ leader: 'b', sync: 't' });
  });

  test('replaces everything when etcd lost its past or is another one', () => {
    const older = aMirror();
    expect(older.absorb(reading(7, { leader: entry('a', 5) }), revision(10))).toBe('replaced');
    expect(older.snapshot).toMatchObject({ revision: 7, etcdClusterId: 'c1' });
    const other = aMirror();
    expect(other.absorb(reading(70, {}, { etcdClusterId: 'c2' }), revision(10))).toBe('replaced');
    expect(other.snapshot?.etcdClusterId).toBe('c2');
    const part = aMirror();
    expect(part.absorb(reading(70, {}, { etcdClusterId: 'c2', since: revision(10) }), revision(10))).toBe('incomplete');
    expect(part.snapshot?.etcdClusterId).toBe('c1');
  });

  test('equals the store after any mixture of events, late reads and transactions', () => {
    const step = fc.record({
      source: fc.constantFrom('event', 'read', 'full read', 'nothing'),
      key: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom('put', 'delete'),
      lateBy: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new FakeEtcdStore('c1');
        const mirror = new Mirror();
        mirror.absorb(store.read(null), null);
        let watched = 0;
        const readings: { shown: Reading; atLeast: ReturnType<typeof revision> }[] = [];
        for (const { source, key, op, lateBy } of steps) {
          store.txn(
            { compares: [], writes: [op === 'put' ? { op, key, value: `${store.revision}` } : { op: 'delete', key }] },
            null,
          );
          const known = mirror.snapshot?.revision ?? revision(0);
          if (source === 'event') {
            mirror.apply(store.history.slice(watched));
            watched = store.history.length;
          } else if (source !== 'nothing') {
            readings.push({ shown: store.read(source === 'read' ? known : null), atLeast: known });
          }
          if (readings.length > lateBy) {
            const { shown, atLeast } = readings.shift() as (typeof readings)[number];
            mirror.absorb(shown, atLeast);
          }
        }
        if (
          mirror.absorb(store.read(mirror.snapshot?.revision ?? null), mirror.snapshot?.revision ?? null) ===
          'incomplete'
        ) {
          mirror.absorb(store.read(null), mirror.snapshot?.revision ?? null);
        }
        expect(new Map(mirror.snapshot?.entries)).toEqual(store.entries);
        expect(mirror.snapshot?.revision).toBe(store.revision);
      }),
    );
  });
});
