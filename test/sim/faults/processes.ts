/** What happens to Baton's own processes: killed, stopped, asked to end. */
import { type FaultSpec, onMember } from './fault.ts';

const family = 'process';

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
  'freeze-batond': {
    family,
    draw: ({ aim }) =>
      onMember(
        'freeze-batond',
        aim,
        (member) => member.batond?.process.stop(),
        (member) => member.batond?.process.continue(),
      ),
  },
  'freeze-guardian': {
    family,
    draw: ({ aim }) =>
      onMember(
        'freeze-guardian',
        aim,
        (member) => member.guardian?.process.stop(),
        (member) => member.guardian?.process.continue(),
      ),
  },
  'terminate-guardian': {
    family,
    draw: ({ aim }) => onMember('terminate-guardian', aim, (member) => member.guardian?.terminate()),
  },
} satisfies Record<string, FaultSpec>;
