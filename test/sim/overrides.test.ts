/** Somebody writes what commits wait for into postgresql.auto.conf. */
import { expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import { aFault } from './faults/registry.ts';
import { Random } from './clock/random.ts';
import { simulate } from './simulate.ts';
import type { World } from './world.ts';

const forMs = 8_000;

const overridden = (world: World) => {
  const [primary] = world.primaries();
  if (primary === undefined) return [];
  const fault = aFault('alter-system', () => primary, new Random(1));
  return [{ kind: 'alter-system', atMs: 1_000, forMs, fault }];
};

const live = (mode: SyncMode) => simulate({ seed: 7, mode, durationMs: 15_000, faults: overridden });

test('in mode strict nobody is served from the next look until it is reset and a commit was seen to wait', async () => {
  const result = await live('strict');
  expect(result.violations, result.events.join('\n')).toEqual([]);
  expect(result.outageMs, result.events.join('\n')).toBeGreaterThan(forMs - 500);
  expect(result.outageMs, result.events.join('\n')).toBeLessThan(forMs + 1_000);
});

test('in mode available service goes on, and the standby is no longer named', async () => {
  const result = await live('available');
  expect(result.violations, result.events.join('\n')).toEqual([]);
  expect(result.outageMs, result.events.join('\n')).toBeLessThan(500);
  expect(result.events.some((event) => event.includes('PostgreSQL does not wait for it'))).toBe(true);
});
