/** A key of etcd is overwritten with what nobody can act on. An operator puts it right by the runbook. */
import type { World } from '../world.ts';
import { type Fault, type FaultSpec, onWorld } from './fault.ts';

const family = 'etcd';

/** Half a document, another type, another encoding, much too long. */
const rubbish = [
  '',
  '{',
  'null',
  '[]',
  '0',
  '{"leader":7}',
  '\ufffd\ufffd',
  'x'.repeat(5_000),
  '{"sync_standby":"a,a"}',
];
const keys = [
  'leader',
  'sync',
  'initialize',
  'config',
  'history',
  'failover',
  'cooldown',
  'timeline',
  'status',
  'members/',
  'x/y',
];

export const garbageFaults = {
  'garbage-key': {
    family,
    draw: ({ random }) => {
      const [kind, value, seed] = [random.pick(keys), random.pick(rubbish), random.next()];
      return garbage((world) => (kind === 'members/' ? `members/${memberAt(world, seed)}` : kind), value);
    },
  },
  /** Well formed, and wrong: the leader key names somebody who does not exist, or a member, on nobody's lease. */
  'wrong-leader': {
    family,
    draw: ({ random }) => {
      const seed = random.next();
      return garbage(
        () => 'leader',
        (world) => (seed < 0.3 ? 'nobody-knows' : memberAt(world, seed)),
      );
    },
  },
} satisfies Record<string, FaultSpec>;

function garbage(keyOf: (world: World) => string, value: string | ((world: World) => string)): Fault {
  let key: string | null = null;
  return onWorld(
    'garbage-key',
    (world) => {
      key = keyOf(world);
      world.operator.spoil(key, typeof value === 'string' ? value : value(world));
    },
    (world) => {
      if (key !== null) world.operator.putRight(key);
    },
  );
}

const memberAt = (world: World, seed: number): string =>
  world.members[Math.floor(seed * world.members.length)]?.name ?? 'a';
