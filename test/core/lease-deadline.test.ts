import { expect, test } from 'vitest';
import { leaseDeadline } from '../../src/core/lease-deadline.ts';
import { monoMs } from '../../src/core/units.ts';

test('a lease of 5 s whose renewal was sent at 1000 is believed until 5500 with a margin of 500 ms', () => {
  expect(leaseDeadline(monoMs(1_000), 5_000, 500)).toBe(5_500);
});

test('a margin as long as the ttl leaves no time at all', () => {
  expect(leaseDeadline(monoMs(1_000), 5_000, 5_000)).toBe(1_000);
});
