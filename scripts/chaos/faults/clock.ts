/** Wall clocks that are stepped under batond, guardian and PostgreSQL. The monotonic clocks are right all the time. */
import { minute } from '../../../src/core/units.ts';
import { openSession } from '../sql.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderStays } from './outcomes.ts';

/** A step is doubt, not proof: nobody fails over. PostgreSQL's own timeouts of the stream go by the wall clock. */
const staysAsItIs: Expectation = {
  ...leaderStays,
  outage: always({ msMax: 2_000 }),
  redundantMsMax: 10_000,
  never: [
    'fence-deadline',
    'fenced-by-guardian',
    'fence-hung',
    'fence-clock-jump',
    'hand-over-dead-postgres',
    'take-over',
    'promote',
  ],
};

const stepped = (name: string, says: string, whose: (stage: Stage) => readonly string[], offsetMs: number): Fault => {
  const set = async (stage: Stage, toMs: number): Promise<void> => {
    for (const member of whose(stage)) {
      stage.cluster.equipment(member).faults.clock(toMs);
      await shows(stage, member, toMs);
    }
  };
  return {
    ...{ name: `clock-${name}`, family: 'clock', says, needs: 'compiler', lastsMs: [4_000, 8_000] },
    async inject(stage) {
      stage.undo(() => set(stage, 0));
      await set(stage, offsetMs);
    },
    expects: staysAsItIs,
  };
};

/** A fault that does nothing would pass every round. */
async function shows(stage: Stage, member: string, offsetMs: number): Promise<void> {
  const session = await openSession(stage, member);
  try {
    const { rows } = await session.client.query<{ nowMs: number }>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs"`,
    );
    const foundMs = (rows[0]?.nowMs ?? 0) - Date.now();
    if (Math.abs(foundMs - offsetMs) > minute) throw new Error(`the clock of ${member} is off by ${foundMs} ms`);
  } finally {
    session.drop();
  }
}

const hour = 60 * minute;
const ofLeader = ({ leader }: Stage) => [leader];
const ofStandby = ({ standby }: Stage) => [standby];
const ofAll = ({ cluster }: Stage) => cluster.members;

export const clocks: readonly Fault[] = [
  stepped('forward', 'The clock of the primary jumps an hour ahead, and back later', ofLeader, hour),
  stepped('back', 'The clock of the primary jumps an hour back, and forward later', ofLeader, -hour),
  stepped('forward-standby', 'The clock of the standby jumps an hour ahead, and back later', ofStandby, hour),
  stepped('back-standby', 'The clock of the standby jumps an hour back, and forward later', ofStandby, -hour),
  stepped('forward-everywhere', 'The clocks of all members jump an hour ahead, and back later', ofAll, hour),
  stepped('back-everywhere', 'The clocks of all members jump an hour back, and forward later', ofAll, -hour),
];
