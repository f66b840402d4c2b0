/** Faults: chosen by a seed, each with what ends it. When the last has ended, the world is whole again. */
import type { Ms } from '../../src/core/units.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly text: string;
  begin(world: World): void;
  end(world: World): void;
}

export const faultKinds = [
  'kill-postmaster',
  'kill-guardian',
  'kill-batond',
  'freeze-batond',
  'freeze-guardian',
  'freeze-postgres',
  'power-off',
  'pause',
  'suspend',
  'cut-etcd',
  'cut-etcd-half',
  'cut-members',
  'cut-members-half',
  'cut-clients',
  'isolate',
  'slow-link',
  'etcd-election',
  'etcd-no-quorum',
  'etcd-down',
  'wall-jump',
  'terminate-guardian',
  'switchover',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const clientNames = (world: World) => world.clients.map(({ name }) => name);

/** Does something to one member, and undoes it. */
function onMember(
  text: string,
  of: (world: World) => Member,
  begin: (member: Member, world: World) => void,
  end: (member: Member, world: World) => void = () => {},
): Fault {
  let member: Member | null = null;
  return {
    text,
    begin: (world) => {
      member = of(world);
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

function onWorld(text: string, begin: (world: World) => void, end: (world: World) => void = () => {}): Fault {
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

const cutBetween = (world: World, one: string, other: string, both = true) => {
  world.network.cut(one, other);
  if (both) world.network.cut(other, one);
};

export const healBetween = (world: World, one: string, other: string) => {
  world.network.heal(one, other);
  world.network.heal(other, one);
};

/** `of` says which member at the moment when it begins: the primary of that moment, mostly. */
export function aFault(kind: FaultKind, of: (world: World) => Member, random: Random): Fault {
  switch (kind) {
    case 'kill-postmaster':
      return onMember(kind, of, (member) => member.running?.killPostmaster());
    case 'kill-guardian':
      return onMember(kind, of, (member) => member.guardian?.kill());
    case 'kill-batond':
      return onMember(
        kind,
        of,
        (member) => member.killBatond(),
        (member) => member.startBatond(),
      );
    case 'freeze-batond':
      return onMember(
        kind,
        of,
        (member) => member.batond?.process.stop(),
        (member) => member.batond?.process.continue(),
      );
    case 'freeze-guardian':
      return onMember(
        kind,
        of,
        (member) => member.guardian?.process.stop(),
        (member) => member.guardian?.process.continue(),
      );
    case 'freeze-postgres':
      return onMember(
        kind,
        of,
        (member) => member.running?.process.stop(),
        (member) => member.running?.process.continue(),
      );
    case 'power-off':
      return onMember(
        kind,
        of,
        (member) => member.powerOff(),
        (member) => member.powerOn(),
      );
    case 'pause':
      return onMember(
        kind,
        of,
        (member) => member.host.pause(false),
        (member) => member.host.resume(),
      );
    case 'suspend':
      return onMember(
        kind,
        of,
        (member) => member.host.pause(true),
        (member) => member.host.resume(),
      );
    case 'cut-etcd':
      return onMember(
        kind,
        of,
        (member, world) => world.etcd.cut(member.name),
        (member, world) => world.etcd.heal(member.name),
      );
    case 'cut-etcd-half': {
      const leg = random.pick(['requests', 'answers'] as const);
      return onMember(
        `${kind} (${leg})`,
        of,
        (member, world) => world.etcd.cut(member.name, leg),
        (member, world) => world.etcd.heal(member.name),
      );
    }
    case 'cut-members':
      return onWorld(
        kind,
        (world) => cutBetween(world, 'a', 'b'),
        (world) => healBetween(world, 'a', 'b'),
      );
    case 'cut-members-half': {
      const [from, to] = random.chance(0.5) ? ['a', 'b'] : ['b', 'a'];
      return onWorld(
        `${kind} ${from}>${to}`,
        (world) => cutBetween(world, from ?? 'a', to ?? 'b', false),
        (world) => healBetween(world, 'a', 'b'),
      );
    }
    case 'cut-clients':
      return onMember(
        kind,
        of,
        (member, world) => {
          for (const client of clientNames(world)) cutBetween(world, client, member.name);
        },
        (member, world) => {
          for (const client of clientNames(world)) healBetween(world, client, member.name);
        },
      );
    case 'isolate':
      return onMember(
        `${kind} (clients still reach it)`,
        of,
        (member, world) => {
          world.etcd.cut(member.name);
          cutBetween(world, 'a', 'b');
        },
        (member, world) => {
          world.etcd.heal(member.name);
          healBetween(world, 'a', 'b');
        },
      );
    case 'slow-link': {
      const ms: Ms = random.int(20, 400);
      return onWorld(
        `${kind} ${ms} ms`,
        (world) => {
          world.network.slow('a', 'b', ms);
          world.network.slow('b', 'a', ms);
        },
        (world) => healBetween(world, 'a', 'b'),
      );
    }
    case 'etcd-election':
      return onWorld(kind, (world) => world.etcd.changeLeader());
    case 'etcd-no-quorum':
      return onWorld(
        kind,
        (world) => world.etcd.loseQuorum(),
        (world) => world.etcd.regainQuorum(),
      );
    case 'etcd-down':
      return onWorld(
        kind,
        (world) => world.etcd.stop(),
        (world) => world.etcd.start(),
      );
    case 'wall-jump': {
      const ms: Ms = random.pick([-3_600_000, -5_000, 5_000, 3_600_000]);
      return onMember(`${kind} ${ms} ms`, of, (member) => {
        member.host.wallOffsetMs += ms;
      });
    }
    case 'terminate-guardian':
      return onMember(kind, of, (member) => member.guardian?.terminate());
    case 'switchover':
      return onWorld(kind, (world) => world.askSwitchover());
  }
}

export interface Planned {
  readonly kind: FaultKind;
  readonly atMs: Ms;
  readonly forMs: Ms;
  readonly fault: Fault;
}

/** Three to eight faults within the given time; overlapping ones are as welcome as a fault on a world that heals. */
export function planFaults(
  random: Random,
  fromMs: Ms,
  untilMs: Ms,
  kinds: readonly FaultKind[] = faultKinds,
): readonly Planned[] {
  const count = random.int(3, 8);
  return Array.from({ length: count }, () => {
    const kind = random.pick(kinds);
    const aimAtPrimary = random.chance(0.7);
    const otherwise = random.pick(['a', 'b']);
    const of = (world: World) => (aimAtPrimary ? world.primaries()[0] : undefined) ?? world.member(otherwise);
    // Short ones hide inside the timeouts, long ones outlast the lease, the orphan wait and a clone.
    const forMs = random.pick([random.between(50, 900), random.between(900, 4_000), random.between(4_000, 16_000)]);
    const atMs = random.chance(0.3) ? fromMs + random.between(0, 2_000) : random.between(fromMs, untilMs);
    return { kind, atMs, forMs: Math.min(forMs, untilMs + 2_000 - atMs), fault: aFault(kind, of, random) };
  }).toSorted((one, other) => one.atMs - other.atMs);
}

/** Ends whatever a fault may have left: hosts up and scheduled, links whole, daemons started. */
export function healAll(world: World): void {
  world.note('HEAL  everything');
  world.etcd.regainQuorum();
  for (const member of world.members) {
    world.etcd.heal(member.name);
    member.powerOn();
    member.host.resume();
    member.batond?.process.continue();
    member.guardian?.process.continue();
    member.running?.process.continue();
    member.startBatond();
    for (const client of clientNames(world)) healBetween(world, client, member.name);
  }
  healBetween(world, 'a', 'b');
}
