/** The record of an outage, where whoever keeps it fails as well: each must end, and say no more than was seen. */
import { canonicalJson } from '../../../src/core/canonical-json.ts';
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

  'record-ended-while-its-disk-refused': aScenario({
    says: 'a record whose end its own disk refused does not go on when batond is restarted: etcd has its end',
    seconds: 30,
    play: async (stage) => {
      const { primary, standby } = stage;
      await losesItsStandby(stage);
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
      await stage.until('writes are on record again', () =>
        recordedBy(primary).some(({ instants }) => instants.t7 !== null),
      );
      stage.does("the standby's power returns", () => standby.powerOn());
      await stage.until('it is about to be named', () => stage.rule(primary) === 'sync-add-prove');
      refusesFiles(stage);
      await stage.until('etcd has the end of the record', () => inEtcd(stage).some(hasEnded), 20_000);
      const ended = inEtcd(stage);
      if (recordedBy(primary).every(hasEnded)) throw new Error('the disk has its end as well: this shows nothing');
      await restartsBatond(stage);
      takesFiles(stage);
      await stage.until('the disk has its end', () => recordedBy(primary).every(hasEnded));
      await stage.lasts(2_000);
      for (const now of [inEtcd(stage), recordedBy(primary)])
        if (canonicalJson(now) !== canonicalJson(ended)) throw new Error('the record was ended once more');
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['restart-in-place', 'sync-add'] },
  }),

  'record-copied-after-its-end': aScenario({
    says: 'a version of a record that the disk refused for a while, and took after the end of it, opens nothing when batond is restarted',
    seconds: 30,
    play: async (stage) => {
      const { primary } = stage;
      await losesItsStandby(stage);
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
      await stage.until('the disk has the record', () => recordedBy(primary).length > 0);
      await stage.until('it serves', () => stage.serves(primary));
      refusesFiles(stage);
      await stage.until('etcd knows of the first good write', () =>
        inEtcd(stage).some(({ instants }) => instants.t7 !== null),
      );
      if (recordedBy(primary).some(({ instants }) => instants.t7 !== null))
        throw new Error('the disk knows of it as well: this shows nothing');
      await restartsBatond(stage);
      takesFiles(stage);
      stage.does('the postmaster is killed once more', () => primary.running?.killPostmaster());
      await stage.until('etcd has the end of the record', () => inEtcd(stage).some(hasEnded));
      const ended = inEtcd(stage).find(hasEnded);
      await stage.lasts(2_000);
      const versions = primary.disk.ledger.flatMap(({ kind, body }) => (kind === 'incident' ? [body as Incident] : []));
      const late = versions.findLast(({ id }) => id === ended?.id);
      if (late?.state !== 'open') throw new Error('no older version came after the end: this shows nothing');
      if (!recordedBy(primary).some(({ id, state }) => id === ended?.id && state === 'closed'))
        throw new Error('to its recorder the outage goes on');
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['restart-in-place'] },
  }),
};

const hasEnded = ({ state }: Incident): boolean => state === 'closed';

/** What this member recorded, as its own disk has it. */
const recordedBy = (member: Member): readonly Incident[] =>
  incidentsOn(member).filter((incident) => incident.recordedBy === member.name);

const inEtcd = ({ world }: Stage): readonly Incident[] =>
  [...world.etcd.store.entries].flatMap(([key, { value }]) =>
    key.startsWith('incidents/') ? [JSON.parse(value) as Incident] : [],
  );

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

/** As a full device does while the log of PostgreSQL is on another. */
const refusesFiles = (stage: Stage) =>
  stage.does('the disk takes no files', () => stage.primary.disk.storage.become({ kind: 'full', where: 'data' }));

const takesFiles = (stage: Stage) =>
  stage.does('the disk takes files again', () => stage.primary.disk.storage.become({ kind: 'sound' }));
