/** What happens to Baton's own processes: killed, stopped, asked to end, restarted again and again. */
import type { Member } from '../hosts/member.ts';
import { type Aim, byStrength, type Fault, type FaultSpec, onMember } from './fault.ts';
import { repeatedly } from './repeatedly.ts';

const family = 'process';

const frozen = (text: string, aim: Aim, which: readonly ('batond' | 'guardian')[]): Fault =>
  onMember(
    text,
    aim,
    (member) => {
      for (const each of which) member[each]?.process.stop();
    },
    (member) => {
      for (const each of which) member[each]?.process.continue();
    },
  );

export const processFaults = {
  'kill-guardian': {
    family,
    draw: ({ aim }) => onMember('kill-guardian', aim, (member) => member.guardian?.kill()),
  },
  'kill-batond': {
    family,
    draw: ({ aim }) =>
      onMember(
        'kill-batond',
        aim,
        (member) => member.killBatond(),
        (member) => member.startBatond(),
      ),
  },
  'kill-both-daemons': {
    family,
    draw: ({ aim }) =>
      onMember(
        'kill-both-daemons',
        aim,
        (member) => {
          member.killBatond();
          member.guardian?.kill();
        },
        (member) => member.startBatond(),
      ),
  },
  'freeze-batond': { family, draw: ({ aim }) => frozen('freeze-batond', aim, ['batond']) },
  'freeze-guardian': { family, draw: ({ aim }) => frozen('freeze-guardian', aim, ['guardian']) },
  'freeze-both-daemons': { family, draw: ({ aim }) => frozen('freeze-both-daemons', aim, ['batond', 'guardian']) },
  'terminate-guardian': {
    family,
    draw: ({ aim }) => onMember('terminate-guardian', aim, (member) => member.guardian?.terminate()),
  },
  /** Two daemons with one member name (R3b). In mode off, whoever has any data may lead, and that is what was asked for. */
  twin: {
    family,
    modes: ['available', 'strict'],
    draw: ({ aim }) => {
      let twin: Member | null = null;
      return onMember(
        'twin',
        aim,
        (member, world) => {
          if (!world.operator.etcdLostItsPast) twin = world.addTwin(member);
        },
        () => twin?.powerOff(),
      );
    },
  },
  /** Upgrades, or a supervisor that starts again what ends. */
  'restart-batond-again-and-again': {
    family,
    draw: (drawn) =>
      repeatedly(
        'restart-batond-again-and-again',
        drawn.aim,
        byStrength(drawn, 6_000, 150),
        (member) => {
          member.killBatond();
          member.startBatond();
        },
        (member) => member.startBatond(),
      ),
  },
} satisfies Record<string, FaultSpec>;
