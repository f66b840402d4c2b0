/** What happens to a member's disk. */
import { copyId } from '../../../src/core/units.ts';
import type { Disk } from '../hosts/disk.ts';
import { SimDirectory } from '../postgres/directory.ts';
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
  /**
   * A standby comes back with what it had a while ago: a backup of the data, or a snapshot of the disk under a name that
   * nobody gave it. Where that would lose what is asked for of a lost disk, it stays as it is.
   */
  'older-copy': {
    family,
    modes: ['available', 'strict'],
    draw: ({ aim, random }) => {
      const renamed = random.chance(0.5) ? copyId(random.hex(8)) : null;
      let older: SimDirectory | null = null;
      return onMember(
        'older-copy',
        aim,
        ({ disk, name }) => {
          older = olderCopy(disk, renamed === null ? null : { member: name, copyId: renamed });
        },
        (member, world) => {
          if (older === null || !world.redundant() || !world.etcd.hasQuorum || world.operator.etcdLostItsPast) return;
          if (world.primaries().includes(member)) return;
          member.powerOff();
          if (member.disk.data !== null) member.disk.replaced.push(member.disk.data);
          member.disk.data = older;
          member.powerOn();
        },
      );
    },
  },
} satisfies Record<string, FaultSpec>;

/** What is durable there now, as a backup of it that is restored later. */
function olderCopy(disk: Disk, copy: SimDirectory['copy']): SimDirectory | null {
  const { data } = disk;
  if (data === null || data.unstartable !== null || data.state !== 'in archive recovery') return null;
  const older = new SimDirectory(data.systemIdentifier, disk);
  older.records = data.records.slice(0, data.flushed);
  older.flushed = older.records.length;
  older.walFrom = data.walFrom;
  older.timeline = older.records.at(-1)?.timeline ?? data.timeline;
  for (const [number, content] of data.histories) if (number <= older.timeline) older.histories.set(number, content);
  older.state = 'in archive recovery';
  older.checkpoint = data.checkpoint;
  older.standbySignal = true;
  older.copy = copy;
  return older;
}
