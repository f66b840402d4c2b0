/** What a fault is: something that begins, and something that ends it. When the last has ended, the world is whole again. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { Random } from '../clock/random.ts';
import type { World } from '../world.ts';

export interface Fault {
  readonly text: string;
  begin(world: World): void;
  end(world: World): void;
}

export type Family = 'host' | 'process' | 'network' | 'etcd' | 'operator' | 'postgres' | 'disk';

/** Says at the moment when a fault begins whom it strikes: the primary of that moment, mostly. */
export type Aim = (world: World) => Member;

export interface Drawn {
  readonly aim: Aim;
  readonly random: Random;
  /** How bad it is, in [0, 1]: of the seed, and the same for all faults of the kind in one life. */
  readonly strength: number;
}

export interface FaultSpec {
  readonly family: Family;
  /** The modes in which it means anything; all when absent. */
  readonly modes?: readonly SyncMode[];
  /** How many members there must be at least; 2 when absent. */
  readonly membersMin?: 3;
  /** How many members etcd must have; 1 when absent. */
  readonly etcdMembersMin?: 3;
  /** The longest that it may last, where that is not what every fault may. */
  readonly forMsMax?: Ms;
  draw(drawn: Drawn): Fault;
}

/** Between two bounds by strength, with a little chance. */
export const byStrength = ({ random, strength }: Drawn, min: number, max: number): number =>
  min + (max - min) * Math.min(1, strength * random.between(0.7, 1.3));

/** Does something to one member, and undoes it. */
export function onMember(
  text: string,
  aim: Aim,
  begin: (member: Member, world: World) => void,
  end: (member: Member, world: World) => void = () => {},
): Fault {
  let member: Member | null = null;
  return {
    text,
    begin: (world) => {
      member = aim(world);
      world.note(`FAULT ${text} ${member.name}`);
      begin(member, world);
    },
    end: (world) => {
      if (member === null) return;
      world.note(`HEAL  ${text} ${member.name}`);
      end(member, world);
    },
  };
}

export function onWorld(text: string, begin: (world: World) => void, end: (world: World) => void = () => {}): Fault {
  return {
    text,
    begin: (world) => {
      world.note(`FAULT ${text}`);
      begin(world);
    },
    end: (world) => {
      world.note(`HEAL  ${text}`);
      end(world);
    },
  };
}
