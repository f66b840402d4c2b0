/** What happens to a whole host: its power, its scheduling, its clocks. */
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';
import { byStrength, type FaultSpec, onMember, onWorld } from './fault.ts';

const family = 'host';
const ppm = 1e-6;
/** As much as NTP slews a clock. */
const driftPpmMax = 500;

export const hostFaults = {
  'power-off': {
    family,
    draw: ({ aim }) =>
      onMember(
        'power-off',
        aim,
        (member) => member.powerOff(),
        (member) => member.powerOn(),
      ),
  },
  /** All at once; they come back one after the other in any order, and with some luck only one of them. */
  blackout: {
    family,
    draw: ({ random }) => {
      const seeds = [random.next(), random.next(), random.next()];
      const onlyOne = random.chance(0.3);
      const apartMs = random.pick([0, 300, 3_000, 15_000]);
      let order: readonly Member[] = [];
      return onWorld(
        `blackout, ${onlyOne ? 'one' : 'all'} back, ${apartMs} ms apart`,
        (world) => {
          order = shuffled(world, seeds);
          for (const member of order) member.powerOff();
        },
        (world) => {
          const back = onlyOne ? order.slice(0, 1) : order;
          for (const [at, member] of back.entries()) world.clock.timer(at * apartMs, () => member.powerOn());
        },
      );
    },
  },
  pause: {
    family,
    draw: ({ aim }) =>
      onMember(
        'pause',
        aim,
        (member) => member.host.pause(false),
        (member) => member.host.resume(),
      ),
  },
  suspend: {
    family,
    draw: ({ aim }) =>
      onMember(
        'suspend',
        aim,
        (member) => member.host.pause(true),
        (member) => member.host.resume(),
      ),
  },
  'wall-jump': {
    family,
    draw: ({ aim, random }) => {
      const ms: Ms = random.pick([-3_600_000, -5_000, 5_000, 3_600_000]);
      return onMember(`wall-jump ${ms} ms`, aim, (member) => {
        member.host.wallOffsetMs += ms;
      });
    },
  },
  drift: {
    family,
    draw: (drawn) => {
      const driftPpm = Math.round(byStrength(drawn, 10, driftPpmMax)) * drawn.random.pick([-1, 1]);
      return onMember(
        `drift ${driftPpm} ppm`,
        drawn.aim,
        (member) => member.host.drift(driftPpm * ppm),
        (member) => member.host.drift(0),
      );
    },
  },
} satisfies Record<string, FaultSpec>;

const shuffled = (world: World, seeds: readonly number[]): readonly Member[] =>
  world.members
    .map((member, at) => ({ member, seed: seeds[at] ?? 0 }))
    .toSorted((one, other) => one.seed - other.seed)
    .map(({ member }) => member);
