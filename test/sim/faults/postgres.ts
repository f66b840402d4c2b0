/** What happens to PostgreSQL's own processes, and what makes them slow, stubborn or short of something. */
import { type Drawn, byStrength, type Fault, type FaultSpec, onMember, onWorld } from './fault.ts';
import { type Circumstances, normally } from '../postgres/circumstances.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';
import { exhaust } from './exhaust.ts';
import { repeatedly } from './repeatedly.ts';

const family = 'postgres';

/** On every member: whoever it is that will stop, recover or be promoted. */
function everywhere(text: string, circumstances: Partial<Circumstances>): Fault {
  return onWorld(
    text,
    (world) => {
      for (const { disk } of world.members) Object.assign(disk.circumstances, circumstances);
    },
    (world) => {
      const usual = Object.entries(normally()).filter(([name]) => name in circumstances);
      for (const { disk } of world.members) Object.assign(disk.circumstances, Object.fromEntries(usual));
    },
  );
}

const standbyBeside = (world: World, member: Member): Member | undefined =>
  world.members.find((each) => each !== member && each.running?.phase === 'standby');

export const postgresFaults = {
  'kill-postmaster': {
    family,
    draw: ({ aim }) => onMember('kill-postmaster', aim, (member) => member.running?.killPostmaster()),
  },
  /** restart_after_crash is off: the postmaster ends everything, and itself. */
  'kill-backend': {
    family,
    draw: ({ aim }) =>
      onMember('kill-backend', aim, ({ running }) => {
        running?.clock.timer(11, () => running.exit(1, null));
      }),
  },
  'freeze-postgres': {
    family,
    draw: ({ aim }) =>
      onMember(
        'freeze-postgres',
        aim,
        (member) => member.running?.process.stop(),
        (member) => member.running?.process.continue(),
      ),
  },
  /** Nobody new is served, and those who are in notice nothing. */
  'freeze-postmaster': {
    family,
    draw: ({ aim }) =>
      onMember(
        'freeze-postmaster',
        aim,
        (member) => member.running?.postmaster.stop(),
        (member) => member.running?.postmaster.continue(),
      ),
  },
  /** Anybody's session: a client's, or one that batond keeps. */
  'freeze-backend': {
    family,
    draw: ({ aim, random }) => {
      let thaw = () => {};
      return onMember(
        'freeze-backend',
        aim,
        ({ running }) => {
          if (running === null || running.backends.size === 0) return;
          const backend = random.pick([...running.backends]);
          running.backends.stop(backend);
          thaw = () => running.backends.continue(backend);
        },
        () => thaw(),
      );
    },
  },
  'exhaust-connections': { family, draw: ({ aim, strength }) => exhaust(aim, strength > 0.6) },
  /** Drivers whose time limits cancel, or an operator who means well. */
  'cancel-waits': {
    family,
    modes: ['available', 'strict'],
    draw: (drawn) =>
      repeatedly('cancel-waits', drawn.aim, byStrength(drawn, 1_000, 20), ({ running }) => {
        if (running?.phase === 'primary') running.process.run(() => void running.waits.cancelAll());
      }),
  },
  'slow-stop': { family, draw: (drawn) => slow('slow-stop', 'stopTakesMs', drawn, 500, 20_000) },
  'slow-recovery': { family, draw: (drawn) => slow('slow-recovery', 'recoveryTakesMs', drawn, 500, 30_000) },
  'slow-promotion': { family, draw: (drawn) => slow('slow-promotion', 'promotionTakesMs', drawn, 200, 15_000) },
  'slow-admission': { family, draw: (drawn) => slow('slow-admission', 'admissionTakesMs', drawn, 100, 1_200) },
  'promotion-dies': { family, draw: () => everywhere('promotion-dies', { promotionDies: true }) },
  'rewind-fails': { family, draw: () => everywhere('rewind-fails', { rewindFails: true }) },
  /** Each of our records stands for much more: WAL is recycled behind whoever is away. */
  'heavy-writes': {
    family,
    draw: (drawn) =>
      everywhere('heavy-writes', {
        segmentRecords: Math.round(byStrength(drawn, 200, 10)),
        slotKeptRecords: Math.round(byStrength(drawn, 2_000, 100)),
      }),
  },
  /** `pg_ctl promote` on a standby, by somebody who does not ask Baton. */
  'promote-by-hand': {
    family,
    draw: ({ aim }) =>
      onMember('promote-by-hand', aim, (member, world) => {
        const running = standbyBeside(world, member)?.running;
        running?.process.run(() => running.recovery.promoteByHand());
      }),
  },
  /** ALTER SYSTEM SET synchronous_standby_names = '', until somebody resets it. */
  'alter-system': {
    family,
    modes: ['available', 'strict'],
    draw: ({ aim }) =>
      onMember(
        'alter-system',
        aim,
        ({ running }) => running?.process.run(() => running.alterSystem({ names: [], nobody: false })),
        (member) => {
          if (member.disk.data !== null) member.disk.data.override = null;
          const { running } = member;
          running?.process.run(() => running.alterSystem(null));
        },
      ),
  },
} satisfies Record<string, FaultSpec>;

function slow(
  text: string,
  what: 'stopTakesMs' | 'recoveryTakesMs' | 'promotionTakesMs' | 'admissionTakesMs',
  drawn: Drawn,
  minMs: number,
  maxMs: number,
): Fault {
  const ms = Math.round(byStrength(drawn, minMs, maxMs));
  return everywhere(`${text} ${ms} ms`, { [what]: ms });
}
