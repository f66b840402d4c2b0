/** What happens to etcd and to a member's way to it. */
import { type Ms, second } from '../../../src/core/units.ts';
import type { World } from '../world.ts';
import { byStrength, type FaultSpec, onMember, onWorld } from './fault.ts';

const family = 'etcd';

/** Repeats until the fault ends. */
function every(world: World, everyMs: Ms, action: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    action();
    cancel = world.clock.timer(everyMs, again);
  };
  again();
  return () => cancel();
}

/** Something that is repeated while the fault lasts. */
function repeated(text: string, everyMs: Ms, action: (world: World) => void) {
  let stop = () => {};
  return onWorld(
    text,
    (world) => {
      stop = every(world, everyMs, () => action(world));
    },
    () => stop(),
  );
}

/** Happens to one of etcd's members: its leader half of the time. */
const pickEtcdMember = (world: World, seed: number): number =>
  seed < 0.5
    ? world.etcd.leader
    : Math.floor(((seed - 0.5) * 2 * world.etcd.members.length) % world.etcd.members.length);

function onEtcdMember(
  text: string,
  seed: number,
  begin: (world: World, index: number) => void,
  end: (world: World, index: number) => void,
) {
  let index = 0;
  return onWorld(
    text,
    (world) => {
      index = pickEtcdMember(world, seed);
      begin(world, index);
    },
    (world) => end(world, index),
  );
}

/** Revisions that leases which run out, and members that register again, make before every member has read. */
const writtenAtOnceMax = 10;

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
    forMsMax: 60 * second,
    draw: () =>
      onWorld(
        'etcd-no-quorum',
        (world) => world.etcd.loseQuorum(),
        (world) => world.etcd.regainQuorum(),
      ),
  },
  'etcd-down': {
    family,
    forMsMax: 60 * second,
    draw: () =>
      onWorld(
        'etcd-down',
        (world) => world.etcd.stop(),
        (world) => world.etcd.start(),
      ),
  },
  /** Calls whose outcome nobody learns: done, not done, or done seconds later. */
  'etcd-ambiguous': {
    family,
    draw: (drawn) => {
      const share = byStrength(drawn, 0.05, 0.7);
      return onWorld(
        `etcd-ambiguous ${Math.round(100 * share)} %`,
        (world) => {
          world.etcd.troubledShare = share;
        },
        (world) => {
          world.etcd.troubledShare = 0;
        },
      );
    },
  },
  'etcd-watch-lag': {
    family,
    draw: (drawn) => {
      const lagMs = byStrength(drawn, 20, 5_000);
      return onWorld(
        `etcd-watch-lag ${Math.round(lagMs)} ms`,
        (world) => world.etcd.lagWatches(lagMs),
        (world) => world.etcd.lagWatches(0),
      );
    },
  },
  /** Streams break, and what they missed is compacted by the time they are opened again. */
  'etcd-compaction': {
    family,
    draw: (drawn) => {
      const everyMs = byStrength(drawn, 2_000, 100);
      return repeated(`etcd-compaction every ${Math.round(everyMs)} ms`, everyMs, (world) => {
        world.etcd.breakWatches();
        world.etcd.compact();
      });
    },
  },
  /**
   * etcd before 3.4.29: a deposed leader that goes on again revokes the leases whose renewals it has not seen. It needs
   * to have been away for longer than they live.
   */
  'etcd-stale-revoke': {
    family,
    draw: ({ aim, random }) => {
      const afterMs: Ms = random.between(6_500, 8_000);
      return onMember('etcd-stale-revoke', aim, (member, world) => {
        const known = new Set(world.etcd.store.leases.keys());
        world.etcd.changeLeader();
        world.clock.timer(afterMs, () => {
          const { lease } = member.disk;
          if (lease === null || !known.has(lease) || !world.etcd.store.leases.has(lease)) return;
          world.note(`etcd's old leader revokes the lease of ${member.name}, alive or not`);
          world.etcd.revoke(lease);
        });
      });
    },
  },
  /** The same, of an etcd whose old leader has been away for long enough at whatever moment this is. */
  'lease-deleted': {
    family,
    draw: ({ aim }) =>
      onMember('lease-deleted', aim, ({ disk }, world) => {
        if (disk.lease !== null) world.etcd.revoke(disk.lease);
      }),
  },
  /** What this member writes takes its time on the way, and its answer is lost: it has given up long before. */
  'late-transactions': {
    family,
    draw: ({ aim, random }) => {
      const lateMs = random.pick([random.int(100, 1_000), random.int(1_000, 8_000)]);
      const share = random.pick([1, 1, 0.5]);
      return onMember(
        `late-transactions ${lateMs} ms`,
        aim,
        (member, world) => world.etcd.delayTransactions(member.name, lateMs, share),
        (member, world) => world.etcd.delayTransactions(member.name, 0, 0),
      );
    },
  },
  /** An operator repairs it when everything else works again (docs/operations.md). */
  'etcd-wiped': { family, draw: () => onWorld('etcd-wiped', (world) => world.operator.wipeEtcd()) },
  'etcd-restored': { family, draw: () => onWorld('etcd-restored', (world) => world.operator.restoreEtcd()) },
  'etcd-restored-under-its-old-id': {
    family,
    draw: () =>
      onWorld('etcd-restored-under-its-old-id', (world) => world.operator.restoreEtcdUnderItsOldId(writtenAtOnceMax)),
  },
  'etcd-member-down': {
    family,
    etcdMembersMin: 3,
    draw: ({ random }) =>
      onEtcdMember(
        'etcd-member-down',
        random.next(),
        (world, index) => world.etcd.stopMember(index),
        (world, index) => world.etcd.startMember(index),
      ),
  },
  'etcd-member-isolated': {
    family,
    etcdMembersMin: 3,
    draw: ({ random }) =>
      onEtcdMember(
        'etcd-member-isolated',
        random.next(),
        (world, index) => world.etcd.isolateMember(index),
        (world, index) => world.etcd.joinMember(index),
      ),
  },
  'etcd-member-frozen': {
    family,
    etcdMembersMin: 3,
    draw: ({ random }) =>
      onEtcdMember(
        'etcd-member-frozen',
        random.next(),
        (world, index) => {
          world.etcd.freezeMember(index);
          world.etcd.isolateMember(index);
        },
        (world, index) => {
          world.etcd.thawMember(index);
          world.etcd.joinMember(index);
        },
      ),
  },
  'etcd-member-slow': {
    family,
    etcdMembersMin: 3,
    draw: (drawn) => {
      const slowMs = byStrength(drawn, 30, 1_500);
      return onEtcdMember(
        `etcd-member-slow ${Math.round(slowMs)} ms`,
        drawn.random.next(),
        (world, index) => world.etcd.slowMember(index, slowMs),
        (world, index) => world.etcd.slowMember(index, 0),
      );
    },
  },
  /** One member's way to one of etcd's. */
  'cut-etcd-member': {
    family,
    etcdMembersMin: 3,
    draw: ({ aim, random }) => {
      const seed = random.next();
      let index = 0;
      return onMember(
        'cut-etcd-member',
        aim,
        (member, world) => {
          index = pickEtcdMember(world, seed);
          world.etcd.cut(member.name, 'both', [index]);
        },
        (member, world) => world.etcd.heal(member.name, [index]),
      );
    },
  },
} satisfies Record<string, FaultSpec>;
