/** Each kind of fault alone: it begins, it ends, no invariant is violated, and the cluster is whole again. */
import { expect, test } from 'vitest';
import { planned } from './faults/plan.ts';
import { faultKinds, specOf } from './faults/registry.ts';
import { simulate } from './simulate.ts';

test.each(faultKinds)('%s', async (kind) => {
  const { modes = ['available'], membersMin, etcdMembersMin } = specOf(kind);
  const [mode = 'available'] = modes;
  const drawn = { kind, atMs: 500, forMs: 3_000, on: { primaryOr: 'a' }, seed: 1, strength: 0.6 } as const;
  const { violations, events } = await simulate({
    seed: 1,
    mode,
    durationMs: 4_000,
    etcdMembers: etcdMembersMin ?? 1,
    ...(membersMin !== undefined && { members: membersMin }),
    faults: () => [planned(drawn)],
  });
  const text = events.map((event) => String(event));
  expect(violations, text.slice(-40).join('\n')).toEqual([]);
  expect(text.some((event) => event.includes('FAULT'))).toBe(true);
});

test('etcd does not lose its past while a host runs that remembers nothing of it, and does once it knows etcd', async () => {
  const faults = [
    planned({ kind: 'twin', atMs: 500, forMs: 9_000, on: 'a', seed: 1, strength: 1 }),
    ...[501, 5_000].map((atMs) => planned({ kind: 'etcd-wiped', atMs, forMs: 100, on: 'a', seed: 1, strength: 1 })),
  ];
  const { violations, events } = await simulate({
    seed: 1,
    mode: 'available',
    durationMs: 10_000,
    faults: () => faults,
  });
  expect(violations, events.slice(-40).join('\n')).toEqual([]);
  expect(events.filter((event) => event.includes('a host remembers nothing of etcd'))).toHaveLength(1);
  expect(events.some((event) => event.includes('hold: etcd'))).toBe(true);
});
