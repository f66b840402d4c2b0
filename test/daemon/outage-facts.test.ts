import { expect, test } from 'vitest';
import type { Decision } from '../../src/core/decision.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { newRecorder, type RecorderFact, recordFact } from '../../src/core/sla/recorder.ts';
import { lsn, monoMs, revision, timeline, wallMs } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import { factsBetween, type Moment } from '../../src/daemon/outage-facts.ts';
import {
  a,
  absent,
  aPrimary,
  aStandby,
  aState,
  aView,
  b,
  copyOf,
  ledBy,
  now,
  present,
  sync,
  term,
} from '../core/a-view.ts';

const held = aState({ sync: present(sync(a, [b])) });
const free = { ...held, leader: absent };
const again = { ...held, leader: { ...ledBy('a'), modRevision: revision(200) } };

const campaign: Decision = { rule: 'campaign', because: 'the key is free and a claimed last', intents: [] };
const lead: Decision = { rule: 'lead', because: 'leading', intents: [] };

const moment = (afterMs: number, state: typeof held, decision: Decision, changes: Partial<View> = {}): Moment => ({
  view: { ...aView(aPrimary(), { state }), nowMono: monoMs(now + afterMs), ...changes },
  decision,
  note: null,
});

/** A write of its own that was acknowledged then. */
const goodWrite = (ackedMs: number): RecorderFact => ({
  kind: 'write-ok',
  sentMono: monoMs(now + ackedMs - 10),
  ackedMono: monoMs(now + ackedMs),
  wall: wallMs(aView(aPrimary()).nowWall + ackedMs),
  target: a,
  by: 'leader',
});

const recorded = (...moments: readonly Moment[]): readonly Incident[] => recordedBetween([], moments, []);

/** The newest version of each incident. */
function recordedBetween(
  first: readonly RecorderFact[],
  moments: readonly Moment[],
  last: readonly RecorderFact[],
): readonly Incident[] {
  const between = moments.flatMap((each, at) => factsBetween(moments[at - 1] ?? null, each));
  const incidents = new Map<string, Incident>();
  let state = newRecorder('domain-1', a);
  for (const fact of [...first, ...between, ...last]) {
    const step = recordFact(state, fact);
    state = step.state;
    for (const output of step.output) if (output.kind === 'changed') incidents.set(output.incident.id, output.incident);
  }
  return [...incidents.values()];
}

test('a leader whose key vanished and who has it again, serving all the time, leaves no open incident', () => {
  const moments = [
    moment(0, held, lead),
    moment(100, free, campaign),
    moment(200, again, lead),
    moment(5_000, again, lead),
  ];
  const incidents = recordedBetween([goodWrite(-50)], moments, []);
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ state: 'closed', closedBecause: 'healed', rule: 'campaign' });
});

test('without a good write of its own nobody knows that it served: its next ones end the record', () => {
  const moments = [moment(0, held, lead), moment(100, free, campaign), moment(1_000, again, lead)];
  const states = (last: readonly RecorderFact[]) => recordedBetween([], moments, last).map(({ state }) => state);
  expect(states([])).toEqual(['open']);
  expect(states([goodWrite(1_300), goodWrite(6_300), goodWrite(11_300)])).toEqual(['closed']);
});

test('it is not closed by that when its postgres had ended', () => {
  const down: Partial<View> = { postgres: { kind: 'unknown' } };
  const moments = [
    moment(0, held, lead),
    moment(100, free, campaign, down),
    moment(200, again, lead, down),
    moment(5_000, again, lead, down),
  ];
  const incidents = recordedBetween([goodWrite(-50)], moments, []);
  expect(incidents.map(({ state }) => state)).toEqual(['open']);
});

test('a restart in place accepts writes when it does, not when this member was promoted long ago', () => {
  const [promotedMono, startedMono] = [monoMs(now - 60_000), monoMs(now - 500)];
  const base = aView(aPrimary(), { state: held });
  const promoted: Partial<View> = {
    memory: { ...base.memory, promotion: { timeline: timeline(2), lsn: lsn(5n) } as never, promotedMono },
    guardian: { ...base.guardian, child: { kind: 'running', pid: 1, startedMono, startedAs: 'primary' } },
  };
  const closed: Partial<View> = { ...promoted, postgres: { ...aPrimary(), admits: 'baton-only' } };
  const facts = factsBetween(moment(0, held, lead, closed), moment(100, held, lead, promoted));
  expect(facts).toContainEqual(expect.objectContaining({ kind: 'accepting-writes', atMono: now + 100, forkLsn: null }));
});

test('a forced failover is recorded once the key is won: one that etcd refuses leaves no record', () => {
  const forced: Decision = { rule: 'forced-take-over', because: 'an operator asked for it', intents: [] };
  const mine = moment(0, held, lead);
  const facts = factsBetween(mine, moment(100, held, forced));
  expect(facts).toContainEqual(expect.objectContaining({ kind: 'declared', awaits: 'leadership' }));
  expect(recorded(mine, moment(100, held, forced), moment(200, held, lead))).toEqual([]);
});

const taken = {
  ...aState({ sync: present(sync(a, [], { mode: 'off' })) }),
  predecessor: present({ member: b, copyId: copyOf.b, runId: 'run-b', mayHaveMore: true, address: null }, term),
};
const unseen: Partial<View> = { postgres: { kind: 'unknown' } };
const inRecovery: Partial<View> = { postgres: aStandby() };
const promote: Decision = { rule: 'promote', because: 'the key and the claim are ours', intents: [] };

test('a daemon that begins after it took the key, and before it promoted, records from whom it took it', () => {
  const incidents = recorded(
    moment(0, taken, promote, unseen),
    moment(10, taken, promote, inRecovery),
    moment(90, taken, lead),
  );
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ kind: 'failover', oldLeader: { member: 'b' }, newLeader: { member: 'a' } });
});

test('so it does when its guardian answers later than etcd', () => {
  const alone = { guardian: { ...aView(aPrimary()).guardian, lease: { kind: 'none' } } } as const;
  const incidents = recorded(
    moment(0, taken, promote, { ...unseen, ...alone }),
    moment(10, taken, promote, inRecovery),
  );
  expect(incidents.map(({ oldLeader }) => oldLeader?.member)).toEqual(['b']);
});

test('one that begins long after that promotion records nothing', () => {
  const row = {
    ...{ timeline: timeline(1), lsn: lsn(0x5000000n), reason: 'failover', timestamp: 't', newLeader: a },
    ...{ promotionId: 'p', historyFile: 'h', newTimeline: timeline(2) },
  };
  const led = { ...taken, history: present([row]) };
  const promoted: Partial<View> = { postgres: aPrimary({ timeline: timeline(2) }) };
  expect(recorded(moment(0, led, lead, unseen), moment(10, led, lead, promoted), moment(90, led, lead))).toEqual([]);
});
