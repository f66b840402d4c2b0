/** What happens to a whole host: its power, its scheduling, its clocks. */
import type { Ms } from '../../../src/core/units.ts';
import { type FaultSpec, onMember } from './fault.ts';

const family = 'host';

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
} satisfies Record<string, FaultSpec>;
