/** What happens to PostgreSQL's own processes. */
import { type FaultSpec, onMember } from './fault.ts';

const family = 'postgres';

export const postgresFaults = {
  'kill-postmaster': {
    family,
    draw: ({ aim }) => onMember('kill-postmaster', aim, (member) => member.running?.killPostmaster()),
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
} satisfies Record<string, FaultSpec>;
