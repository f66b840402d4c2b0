/** What happens to a member's disk. */
import type { StorageState } from '../postgres/storage.ts';
import { type Aim, byStrength, type Fault, type FaultSpec, onMember } from './fault.ts';

const family = 'disk';

const becomes = (text: string, aim: Aim, state: StorageState): Fault =>
  onMember(
    text,
    aim,
    ({ disk }) => disk.storage.become(state),
    ({ disk }) => disk.storage.become({ kind: 'sound' }),
  );

export const diskFaults = {
  'disk-full': {
    family,
    draw: ({ aim, random }) => {
      const where = random.pick(['wal', 'data', 'everywhere'] as const);
      return becomes(`disk-full (${where})`, aim, { kind: 'full', where });
    },
  },
  'disk-slow': {
    family,
    draw: (drawn) => {
      const syncMs = Math.round(byStrength(drawn, 20, 4_000));
      return becomes(`disk-slow ${syncMs} ms`, drawn.aim, { kind: 'slow', syncMs });
    },
  },
  'disk-hung': {
    family,
    draw: ({ aim, random }) =>
      random.chance(0.5)
        ? becomes('disk-hung', aim, { kind: 'hung' })
        : becomes('disk-hung (killable)', aim, { kind: 'hung', killable: true }),
  },
  'disk-read-only': {
    family,
    draw: ({ aim, random }) => {
      const what = random.pick(['mount', 'file system', 'pg_wal'] as const);
      return becomes(`disk-read-only (${what})`, aim, { kind: 'read-only', what });
    },
  },
  'disk-failing': { family, draw: ({ aim }) => becomes('disk-failing', aim, { kind: 'failing' }) },
  /**
   * The host comes back with another one, empty. Not while the other copies lack something, nor while etcd has lost its
   * past: of those two, too, nobody could remember anything. Nor without a quorum: that the standby is no longer named may
   * be on its way then, which only an operator can know to have been for nothing. In mode off it can take an operator: only the last leader
   * starts by itself after a cold start.
   */
  'disk-lost': {
    family,
    modes: ['available', 'strict'],
    draw: ({ aim }) =>
      onMember(
        'disk-lost',
        aim,
        (member, world) => {
          if (!world.redundant() || !world.etcd.hasQuorum || world.operator.etcdLostItsPast) return;
          member.powerOff();
          member.disk.lose();
        },
        (member) => member.powerOn(),
      ),
  },
} satisfies Record<string, FaultSpec>;
