/** A question of one host to another, on the simulated network. */
import type { Ms } from '../../../src/core/units.ts';
import type { SimProcess } from './host.ts';
import type { ServerWorld } from '../postgres/server-world.ts';

/** One request and its answer; `refused` when the far kernel says so, `timed-out` when nobody says anything. */
export function askFar<T>(
  world: ServerWorld,
  batond: SimProcess,
  member: string,
  limitMs: Ms,
  asked: (answer: (value: T | 'refused') => void) => void,
): Promise<T | 'refused' | 'timed-out'> {
  const near = batond.host;
  const far = world.host(member);
  return new Promise((resolve) => {
    const cancel = batond.clock.timer(limitMs, () => resolve('timed-out'));
    const answered = (value: T | 'refused') =>
      batond.run(() => {
        cancel();
        resolve(value);
      });
    world.network.packet(
      near,
      far,
      () => asked((value) => world.network.packet(far, near, () => answered(value))),
      () => answered('refused'),
    );
  });
}
