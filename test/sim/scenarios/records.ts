/** The record of an outage, where whoever keeps it fails as well: each must end, and say no more than was seen. */
import type { Incident } from '../../../src/core/sla/incident.ts';
import { incidentsOn } from '../hosts/fake-ledger.ts';
import type { Member } from '../hosts/member.ts';
import { aScenario, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

export const recordScenarios: Readonly<Record<string, Scenario>> = {
  'record-of-a-leader-that-came-back-alone': aScenario({
    says: 'a leader that comes back alone after its lease ran out, and whose batond dies after the first good write, ends its record, which says that nobody measured how long it was away',
    seconds: 40,
    play: async (stage) => {
      const { primary } = stage;
      await losesItsStandby(stage);
      stage.does('its power is cut', () => primary.powerOff());
      await stage.until('its lease has run out', () => stage.world.etcd.get('leader') === null);
      stage.does('its power returns', () => primary.powerOn());
      await stage.until('a good write is on record', () =>
        recordedBy(primary).some(({ instants }) => instants.t0 !== null || instants.t7 !== null),
      );
      await restartsBatond(stage);
      stage.does("the standby's power returns", () => stage.standby.powerOn());
      await stage.until('the record has ended', () => recordedBy(primary).every(hasEnded), 20_000);
      for (const { phases } of recordedBy(primary))
        if (phases.outage !== null) throw new Error(`nobody saw it begin, and it lasted ${phases.outage} ms`);
    },
    expect: { leader: 'stays', outageMsMax: 12_000, rules: ['campaign', 'restart-in-place', 'sync-add'] },
  }),
};

const hasEnded = ({ state }: Incident): boolean => state === 'closed';

/** What this member recorded, as its own disk has it. */
const recordedBy = (member: Member): readonly Incident[] =>
  incidentsOn(member).filter((incident) => incident.recordedBy === member.name);

async function losesItsStandby(stage: Stage): Promise<void> {
  stage.does("the standby's host loses its power", () => stage.standby.powerOff());
  await stage.until('nobody is named', () => !stage.named(stage.standby));
}

async function restartsBatond(stage: Stage): Promise<void> {
  stage.does('batond is killed', () => stage.primary.killBatond());
  await stage.lasts(1_000);
  stage.does('batond is started', () => stage.primary.startBatond());
  await stage.until('it leads on', () => /^lead/.test(stage.rule(stage.primary) ?? ''));
}
