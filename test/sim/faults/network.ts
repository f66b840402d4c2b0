/** What happens to the links between the hosts, and between hosts and clients. */
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../member.ts';
import type { World } from '../world.ts';
import { byStrength, type FaultSpec, onMember } from './fault.ts';

const family = 'network';

const others = (world: World, member: Member): readonly string[] =>
  world.members.filter((each) => each !== member).map(({ name }) => name);
const clientNames = (world: World): readonly string[] => world.clients.map(({ name }) => name);

function cutBetween(world: World, one: string, several: readonly string[]): void {
  for (const other of several) {
    world.network.cut(one, other);
    world.network.cut(other, one);
  }
}

function healBetween(world: World, one: string, several: readonly string[]): void {
  for (const other of several) {
    world.network.heal(one, other);
    world.network.heal(other, one);
  }
}

export const networkFaults = {
  'cut-members': {
    family,
    draw: ({ aim }) =>
      onMember(
        'cut-members',
        aim,
        (member, world) => cutBetween(world, member.name, others(world, member)),
        (member, world) => healBetween(world, member.name, others(world, member)),
      ),
  },
  'cut-members-half': {
    family,
    draw: ({ aim, random }) => {
      const way = random.pick(['from', 'to'] as const);
      return onMember(
        `cut-members-half (${way})`,
        aim,
        (member, world) => {
          for (const other of others(world, member)) {
            if (way === 'from') world.network.cut(member.name, other);
            else world.network.cut(other, member.name);
          }
        },
        (member, world) => healBetween(world, member.name, others(world, member)),
      );
    },
  },
  'cut-clients': {
    family,
    draw: ({ aim }) =>
      onMember(
        'cut-clients',
        aim,
        (member, world) => cutBetween(world, member.name, clientNames(world)),
        (member, world) => healBetween(world, member.name, clientNames(world)),
      ),
  },
  isolate: {
    family,
    draw: ({ aim }) =>
      onMember(
        'isolate (clients still reach it)',
        aim,
        (member, world) => {
          world.etcd.cut(member.name);
          cutBetween(world, member.name, others(world, member));
        },
        (member, world) => {
          world.etcd.heal(member.name);
          healBetween(world, member.name, others(world, member));
        },
      ),
  },
  'slow-link': {
    family,
    draw: (drawn) => {
      const { aim } = drawn;
      const ms: Ms = Math.round(byStrength(drawn, 20, 400));
      return onMember(
        `slow-link ${ms} ms`,
        aim,
        (member, world) => {
          for (const other of others(world, member)) {
            world.network.slow(member.name, other, ms);
            world.network.slow(other, member.name, ms);
          }
        },
        (member, world) => healBetween(world, member.name, others(world, member)),
      );
    },
  },
} satisfies Record<string, FaultSpec>;
