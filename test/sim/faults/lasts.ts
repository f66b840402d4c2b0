/** How long faults last. */
import type { Ms } from '../../../src/core/units.ts';
import type { Random } from '../clock/random.ts';

/** Short ones hide inside the timeouts, long ones outlast the lease, the orphan wait and a clone. */
export const lastsMs = (random: Random, maxMs: Ms = 16_000): Ms =>
  Math.min(maxMs, random.pick([random.between(50, 900), random.between(900, 4_000), random.between(4_000, maxMs)]));
