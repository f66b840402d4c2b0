/** What happens to the links between the members, to their clients, and to etcd: one direction at a time, or both. */
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { Trouble } from '../hosts/network.ts';
import type { World } from '../world.ts';
import { type Aim, byStrength, type Drawn, type Fault, type FaultSpec, onMember } from './fault.ts';

const family = 'network';

type Ends = (world: World, member: Member) => readonly string[];
type Way = 'both' | 'from' | 'to';

const others: Ends = (world, member) => world.members.filter((each) => each !== member).map(({ name }) => name);
const clients: Ends = (world) => world.clients.map(({ name }) => name);

function disturb(world: World, member: Member, ends: Ends, way: Way, trouble: Partial<Trouble>): void {
  for (const other of ends(world, member)) {
    if (way !== 'to') world.network.trouble(member.name, other, trouble);
    if (way !== 'from') world.network.trouble(other, member.name, trouble);
  }
}

function heal(world: World, member: Member, ends: Ends): void {
  for (const other of ends(world, member)) {
    world.network.heal(member.name, other);
    world.network.heal(other, member.name);
  }
}

const between = (text: string, aim: Aim, ends: Ends, way: Way, trouble: Partial<Trouble>): Fault =>
  onMember(
    way === 'both' ? text : `${text} (${way})`,
    aim,
    (member, world) => disturb(world, member, ends, way, trouble),
    (member, world) => heal(world, member, ends),
  );

/** Clients, or the other members: who is at the other end. */
const drawEnds = ({ random }: Drawn): readonly [name: string, ends: Ends] =>
  random.chance(0.7) ? ['members', others] : ['clients', clients];

const drawWay = ({ random }: Drawn): Way => random.pick(['both', 'from', 'to'] as const);

export const networkFaults = {
  'cut-members': { family, draw: ({ aim }) => between('cut-members', aim, others, 'both', { cut: true }) },
  'cut-members-half': {
    family,
    draw: ({ aim, random }) =>
      between('cut-members-half', aim, others, random.pick(['from', 'to'] as const), { cut: true }),
  },
  /** One pair of three: each reaches the third. */
  'cut-pair': {
    family,
    membersMin: 3,
    draw: (drawn) => {
      const index = drawn.random.int(0, 1);
      const one: Ends = (world, member) => others(world, member).slice(index, index + 1);
      return between('cut-pair', drawn.aim, one, drawWay(drawn), { cut: true });
    },
  },
  'cut-clients': { family, draw: ({ aim }) => between('cut-clients', aim, clients, 'both', { cut: true }) },
  /** It will ask whoever else takes writes, while the others stay with whom they know. */
  'cut-one-client': {
    family,
    draw: ({ aim, random }) => {
      const index = random.int(0, 2);
      return between('cut-one-client', aim, (world, member) => clients(world, member).slice(index, index + 1), 'both', {
        cut: true,
      });
    },
  },
  isolate: {
    family,
    draw: ({ aim }) =>
      onMember(
        'isolate (clients still reach it)',
        aim,
        (member, world) => {
          world.etcd.cut(member.name);
          disturb(world, member, others, 'both', { cut: true });
        },
        (member, world) => {
          world.etcd.heal(member.name);
          heal(world, member, others);
        },
      ),
  },
  /** A firewall that rejects: the kernel on the way answers, and nobody listens. */
  'refuse-link': {
    family,
    draw: (drawn) => {
      const [name, ends] = drawEnds(drawn);
      return between(`refuse-${name}`, drawn.aim, ends, drawWay(drawn), { refuses: true });
    },
  },
  'refuse-etcd': {
    family,
    draw: ({ aim }) =>
      onMember(
        'refuse-etcd',
        aim,
        (member, world) => world.etcd.refuse(member.name),
        (member, world) => world.etcd.heal(member.name),
      ),
  },
  'slow-link': {
    family,
    draw: (drawn) => {
      const [name, ends] = drawEnds(drawn);
      const slowMs: Ms = Math.round(byStrength(drawn, 20, 400));
      return between(`slow-${name} ${slowMs} ms`, drawn.aim, ends, drawWay(drawn), { slowMs });
    },
  },
  'jittery-link': {
    family,
    draw: (drawn) => {
      const [name, ends] = drawEnds(drawn);
      const jitterMs: Ms = Math.round(byStrength(drawn, 20, 800));
      return between(`jittery-${name} ${jitterMs} ms`, drawn.aim, ends, drawWay(drawn), { jitterMs });
    },
  },
  'lossy-link': {
    family,
    draw: (drawn) => {
      const [name, ends] = drawEnds(drawn);
      const lossShare = byStrength(drawn, 0.01, 0.5);
      const text = `lossy-${name} ${Math.round(100 * lossShare)} %`;
      return between(text, drawn.aim, ends, drawWay(drawn), { lossShare });
    },
  },
  'troubled-etcd-link': {
    family,
    draw: (drawn) => {
      const trouble = drawn.random.pick([
        { slowMs: byStrength(drawn, 20, 600), jitterMs: 0, lossShare: 0 },
        { slowMs: 0, jitterMs: byStrength(drawn, 50, 1_000), lossShare: 0 },
        { slowMs: 0, jitterMs: 0, lossShare: byStrength(drawn, 0.02, 0.6) },
      ]);
      return onMember(
        `troubled-etcd-link ${JSON.stringify(trouble)}`,
        drawn.aim,
        (member, world) => world.etcd.trouble(member.name, trouble),
        (member, world) => world.etcd.heal(member.name),
      );
    },
  },
} satisfies Record<string, FaultSpec>;
