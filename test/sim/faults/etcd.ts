/** What happens to etcd and to a member's way to it. */
import { type FaultSpec, onMember, onWorld } from './fault.ts';

const family = 'etcd';

export const etcdFaults = {
  'cut-etcd': {
    family,
    draw: ({ aim }) =>
      onMember(
        'cut-etcd',
        aim,
        (member, world) => world.etcd.cut(member.name),
        (member, world) => world.etcd.heal(member.name),
      ),
  },
  'cut-etcd-half': {
    family,
    draw: ({ aim, random }) => {
      const leg = random.pick(['requests', 'answers'] as const);
      return onMember(
        `cut-etcd-half (${leg})`,
        aim,
        (member, world) => world.etcd.cut(member.name, leg),
        (member, world) => world.etcd.heal(member.name),
      );
    },
  },
  'etcd-election': { family, draw: () => onWorld('etcd-election', (world) => world.etcd.changeLeader()) },
  'etcd-no-quorum': {
    family,
    draw: () =>
      onWorld(
        'etcd-no-quorum',
        (world) => world.etcd.loseQuorum(),
        (world) => world.etcd.regainQuorum(),
      ),
  },
  'etcd-down': {
    family,
    draw: () =>
      onWorld(
        'etcd-down',
        (world) => world.etcd.stop(),
        (world) => world.etcd.start(),
      ),
  },
} satisfies Record<string, FaultSpec>;
