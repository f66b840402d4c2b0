/** In place of `child-lives.ts`: each life goes as its seed says. */
import type { Asked, Told } from './child-lives.ts';

process.on('disconnect', () => process.exit(0));
process.on('message', ({ life }: Asked) => {
  if (life.seed === 2) process.exit(3);
  if (life.seed === 3) return;
  const lived = { life, violations: [], events: [], acknowledged: 1, promotions: 0, outageMs: 0, virtualMs: 1_000 };
  process.send?.({ kind: 'lived', lived, cpuMicros: 1_000 } satisfies Told);
});
