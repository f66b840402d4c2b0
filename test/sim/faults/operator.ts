/** What an operator does, at whatever moment: requests, changes of the configuration, maintenance. */
import { type FaultSpec, onMember, onWorld } from './fault.ts';

const family = 'operator';

export const operatorFaults = {
  switchover: {
    family,
    draw: ({ random }) => {
      const seed = random.next();
      return onWorld('switchover', (world) => world.operator.askSwitchover(seed));
    },
  },
  /** Of any member, with any of the flags; that the old primary is fenced is said only where it is true. */
  failover: {
    family,
    draw: ({ aim, random }) => {
      const allowDataLoss = random.chance(0.6);
      const seed = random.next();
      return onMember(`failover${allowDataLoss ? ' accepting loss' : ''}`, aim, (member, world) =>
        world.operator.askFailover(member, seed, allowDataLoss),
      );
    },
  },
  /** Two people, or one who is impatient. */
  'racing-requests': {
    family,
    draw: ({ random }) => {
      const seeds = [random.next(), random.next(), random.next()] as const;
      return onWorld('racing-requests', (world) => {
        world.operator.askSwitchover(seeds[0]);
        world.operator.askSwitchover(seeds[1]);
        const [member] = world.members;
        if (member !== undefined) world.operator.askFailover(member, seeds[2], false);
      });
    },
  },
  'change-mode': {
    family,
    draw: ({ random }) => {
      const seed = random.next();
      return onWorld(
        'change-mode',
        (world) => world.operator.changeMode(seed),
        (world) => world.operator.restoreConfig(),
      );
    },
  },
  'edit-config': {
    family,
    draw: ({ random }) => {
      const seed = random.next();
      return onWorld(
        'edit-config',
        (world) => world.operator.editConfig(seed),
        (world) => world.operator.restoreConfig(),
      );
    },
  },
  /** A standby is to be cloned from scratch: its guardian is stopped, its data moved away, batond started. */
  reinit: { family, draw: ({ aim }) => onMember('reinit', aim, (member, world) => world.operator.reinit(member)) },
} satisfies Record<string, FaultSpec>;
