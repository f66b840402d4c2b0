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
