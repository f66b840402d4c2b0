import { describe, expect, test } from 'vitest';
import { newRecorder, resumeRecorder } from '../../../src/core/sla/recorder.ts';
import type { RecorderFact } from '../../../src/core/sla/recorder.ts';
import { memberName, monoMs, wallMs } from '../../../src/core/units.ts';
import {
  EPOCH,
  accepting,
  at,
  awaiting,
  declared,
  failover,
  fenced,
  fold,
  healed,
  plain,
  seen,
  suspected,
  won,
  writeFailed,
  writeOk,
} from './facts.ts';

describe('a failover', () => {
  test('is measured from the last good write on the old primary to the first on the new one', () => {
    const { incident } = fold(failover);
    expect(incident.phases).toEqual({
      detection: 170,
      decision: 4,
      promotion: 47,
      routing: 18,
      outage: 239,
      exposure: 4000,
    });
    expect(incident).toMatchObject({
      id: 'domain-1-20080424-081500061-reading-b',
      kind: 'failover',
      state: 'closed',
      closedBecause: 'redundant',
      trigger: 'host-down',
      rule: 'take-over-refused',
      oldLeader: { member: 'slough-a', location: 'slough' },
      newLeader: { member: 'reading-b', location: 'reading' },
      oldTimeline: 7,
      newTimeline: 8,
      forkLsn: '0/5000148',
      termBefore: 977,
      termAfter: 1042,
      mode: 'available',
      measuredBy: 'standby',
    });
    expect(incident.instants.t0).toEqual({
      wall: '2008-04-24T08:15:00.000Z',
      monoMs: 0,
      measured: true,
      uncertaintyMs: 221,
      by: 'write probe to slough-a',
    });
    expect(incident.instants.t7).toMatchObject({ wall: '2008-04-24T08:15:00.239Z', monoMs: 239, uncertaintyMs: 14 });
  });

  test('is the same when its rule awaits the leadership: nothing is opened before that is won', () => {
    const facts = failover.map((fact) => (fact.kind === 'declared' ? awaiting(fact.atMono) : fact));
    expect(fold(facts).incident).toEqual(fold(failover).incident);
    expect(
      fold(
        facts.slice(
          0,
          facts.findIndex(({ kind }) => kind === 'leadership-won'),
        ),
      ).output,
    ).toEqual([]);
  });

  test('that somebody else won first is recorded by that one', () => {
    const elsewhere = { ...won(174), kind: 'leader-changed-elsewhere' } as RecorderFact;
    const { output, state } = fold([
      seen(),
      writeOk(0),
      suspected(61),
      awaiting(170),
      elsewhere,
      won(9_000, 1043, undefined, null),
    ]);
    expect([output, state.open]).toEqual([[], null]);
  });

  test('that was decided on and not needed is no incident', () => {
    const { output, state } = fold([seen(), writeOk(0), suspected(61), awaiting(170), healed(200)]);
    expect([output, state.decided, state.doubt]).toEqual([[], null, null]);
  });

  test('in a synchronous mode has lost nothing, and says why', () => {
    expect(fold(failover).incident.loss).toMatchObject({ bytesMax: 0, timeMsMax: 0, provedNone: true });
  });

  test('in mode off has lost what nobody can say, until somebody measures it', () => {
    const facts = [seen('off'), ...failover.slice(1, -1)];
    expect(fold(facts).incident.loss).toMatchObject({ bytesMax: null, provedNone: false });
    const loss = {
      bytesMax: 8192,
      timeMsMax: 120,
      provedNone: false,
      basis: 'the old primary had 8192 bytes beyond the fork',
    };
    expect(fold([...facts, { kind: 'loss-known', ...at(3000), loss }]).incident.loss).toEqual(loss);
  });

  test('keeps the newest sentence of each kind of evidence', () => {
    const ids = fold(failover).incident.evidence.map(({ id }) => id);
    expect(ids).toEqual(['E4', 'E5', 'E6']);
  });

  test('is reported on every change and never again once it is closed', () => {
    const { incidents, state } = fold([...failover, plain('redundant', 5000), accepting(6000), fenced(6001)]);
    expect(incidents.map(({ state: was }) => was)).toEqual([...Array(incidents.length - 1).fill('open'), 'closed']);
    expect(state.open).toBeNull();
  });

  test('stays open while nobody is redundant', () => {
    const { incident } = fold([...failover.slice(0, -1), writeOk(60_000, 'reading-b')]);
    expect(incident).toMatchObject({ state: 'open', phases: { outage: 239, exposure: null } });
  });

  test('takes a good write on the old primary for no end of the outage', () => {
    const { incident } = fold([...failover.slice(0, 11), writeOk(230), writeOk(239, 'reading-b')]);
    expect(incident.phases.outage).toBe(239);
    expect(incident.evidence.at(-1)?.says).toBe(
      'slough-a acknowledged a write 9 ms after its successor accepted writes',
    );
  });

  test('that fails on its way and is led by a third member counts from the first t0 to the third member', () => {
    const third = { member: 'bracknell-c', location: 'bracknell' };
    const { incident } = fold([
      ...failover.slice(0, 9),
      won(900, 1050, third),
      accepting(950),
      writeOk(960, 'bracknell-c'),
    ]);
    expect(incident).toMatchObject({ newLeader: third, phases: { decision: 730, promotion: 50, outage: 960 } });
  });

  test('that nobody here declared is recorded all the same, without a t2', () => {
    const { incident } = fold([seen(), writeOk(0), won(174), accepting(221), writeOk(239, 'reading-b')]);
    expect(incident).toMatchObject({
      kind: 'failover',
      rule: null,
      trigger: 'leader-changed',
      phases: { detection: null, outage: 239 },
    });
  });

  test("of another member is that member's to record", () => {
    const elsewhere = { ...won(174), kind: 'leader-changed-elsewhere' } as RecorderFact;
    const { output, state } = fold([seen(), writeOk(0), suspected(100), elsewhere, writeOk(239, 'reading-b')]);
    expect(output).toEqual([]);
    expect(state).toMatchObject({ leader: { member: 'reading-b' }, doubt: null, redundant: false });
  });

  test('by an operator, forced, claims nothing about the loss', () => {
    const { incident } = fold([seen('strict'), writeOk(0), declared(100, 'forced-failover'), won(174), accepting(221)]);
    expect(incident).toMatchObject({ kind: 'forced-failover', loss: { bytesMax: null, provedNone: false } });
  });
});

describe('a doubt', () => {
  test('that heals is no incident; what was left of it is for core/doubt to say', () => {
    const { nearMisses, incidents } = fold([seen(), writeOk(0), suspected(100), healed(400)]);
    expect([nearMisses, incidents]).toEqual([[], []]);
  });

  test('of failed writes alone heals by the next good write: a near miss with what was left until an incident', () => {
    const { nearMisses, incidents } = fold([seen(), writeOk(0), writeFailed(300), writeFailed(600), writeOk(900)]);
    expect(nearMisses).toEqual([{ sinceMono: 300, lastedMs: 600, headroomMs: 1400 }]);
    expect(incidents).toEqual([]);
  });

  test('with other evidence is not healed by a good write', () => {
    const { nearMisses, state } = fold([seen(), writeOk(0), suspected(100), writeFailed(300), writeOk(600)]);
    expect(nearMisses).toEqual([]);
    expect(state.doubt).toMatchObject({ suspected: true, firstFailedMono: null });
  });

  test('about somebody who does not lead is none', () => {
    expect(
      fold([seen(), writeOk(0), writeFailed(300, 'reading-b'), writeFailed(3000, 'reading-b')]).state.doubt,
    ).toBeNull();
  });
});

describe('failing writes', () => {
  const failing = [
    seen(),
    plain('redundant', -500),
    writeOk(0),
    ...[300, 600, 900, 1200, 1500, 1800, 2100].map((mono) => writeFailed(mono)),
  ];

  test('are no incident before they have failed for two seconds', () => {
    expect(fold(failing).incidents).toEqual([]);
  });

  test('are an incident after two seconds, with t1 taken back to the first of them', () => {
    const { incident } = fold([...failing, writeFailed(2300)]);
    expect(incident).toMatchObject({
      kind: 'outage-without-failover',
      rule: null,
      trigger: 'write-probe-failing',
      state: 'open',
    });
    expect([incident.instants.t1?.monoMs, incident.instants.t2?.monoMs]).toEqual([300, 2300]);
  });

  test('that come back by themselves end at the first good write, once they have gone through for two seconds', () => {
    const good = [5000, 5300, 6500].map((mono) => writeOk(mono));
    expect(fold([...failing, writeFailed(2300), ...good]).incident.state).toBe('open');
    const { incident } = fold([...failing, writeFailed(2300), ...good, writeOk(7000)]);
    expect(incident).toMatchObject({ state: 'closed', phases: { outage: 5000, exposure: 0 } });
    expect(incident.loss.provedNone).toBe(true);
  });

  test('with one good write between them are one outage', () => {
    const { incident } = fold([
      ...failing,
      writeFailed(2300),
      writeOk(3000),
      writeFailed(3300),
      writeOk(9000),
      writeOk(11_000),
    ]);
    expect(incident.phases.outage).toBe(9000);
  });

  test('become a failover when a rule declares one, and t2 is then the rule', () => {
    const { incident } = fold([
      ...failing,
      writeFailed(2300),
      declared(3000),
      won(3010),
      accepting(3050),
      writeOk(3060, 'reading-b'),
    ]);
    expect(incident).toMatchObject({
      kind: 'failover',
      rule: 'take-over-refused',
      phases: { detection: 3000, outage: 3060 },
    });
  });
});

describe('t0', () => {
  const bounds = (replayedCommit: number | null, exit: number | null): RecorderFact => ({
    kind: 'last-write-bounds',
    ...at(170),
    replayedCommitWall: replayedCommit === null ? null : wallMs(EPOCH + replayedCommit),
    guardianExitMono: exit === null ? null : monoMs(exit),
  });
  const withBounds = (fact: RecorderFact) => fold([...failover.slice(0, 6), fact, ...failover.slice(6)]).incident;

  test('is bounded by the exit of the postmaster', () => {
    expect(withBounds(bounds(null, 55)).instants.t0).toMatchObject({ monoMs: 0, uncertaintyMs: 55, measured: true });
  });

  test('moves to a commit that was replayed, as inferred', () => {
    const incident = withBounds(bounds(40, 55));
    expect(incident.instants.t0).toMatchObject({
      wall: '2008-04-24T08:15:00.040Z',
      uncertaintyMs: 15,
      measured: false,
    });
    expect(incident.phases).toMatchObject({ detection: 130, outage: 199 });
  });

  test('does not believe a commit after the postmaster was gone: that is another clock', () => {
    expect(withBounds(bounds(90, 55)).instants.t0).toMatchObject({ monoMs: 0, measured: true });
  });

  test('does not believe a commit before a write that was acknowledged here', () => {
    expect(withBounds(bounds(-90, 55)).instants.t0).toMatchObject({ wall: '2008-04-24T08:15:00.000Z', measured: true });
  });

  test('stays unknown when no write was ever seen, and the outage with it', () => {
    const { incident } = fold([seen(), declared(170), won(174), accepting(221), writeOk(239, 'reading-b')]);
    expect(incident.instants.t0).toBeNull();
    expect(incident.phases).toMatchObject({ detection: null, decision: 4, promotion: 47, routing: 18, outage: null });
  });
});

describe('a switchover', () => {
  const planned = [seen(), plain('redundant', -500), writeOk(0), declared(10, 'switchover', 'switchover-begin')];

  test('is an outage from the last write before the shutdown, not from the request', () => {
    const { incident } = fold([
      ...planned,
      writeOk(300),
      writeOk(600),
      won(720),
      accepting(760),
      writeOk(770, 'reading-b'),
      plain('redundant', 900),
    ]);
    expect(incident.phases).toEqual({
      detection: 0,
      decision: 710,
      promotion: 40,
      routing: 10,
      outage: 170,
      exposure: 130,
    });
    expect(incident).toMatchObject({ kind: 'switchover', state: 'closed', loss: { provedNone: true } });
  });

  test('that is called off before anything stopped closes with no outage', () => {
    const { incident } = fold([
      ...planned,
      writeOk(300),
      { kind: 'called-off', ...at(400), because: 'the archiver is failing' },
    ]);
    expect(incident).toMatchObject({ state: 'closed', closedBecause: 'healed', phases: { outage: 0 } });
    expect(incident.evidence.at(-1)?.says).toBe('called off: the archiver is failing');
  });

  test('that rolls back is an outage until the old primary takes writes again', () => {
    const { incident } = fold([
      ...planned,
      writeFailed(300),
      { kind: 'called-off', ...at(400), because: 'the candidate is gone' },
      accepting(900, 7),
      writeOk(950),
    ]);
    expect(incident).toMatchObject({
      kind: 'switchover',
      state: 'closed',
      newLeader: { member: 'slough-a' },
      phases: { outage: 950 },
    });
  });

  test('is not ended by a doubt that heals beside it', () => {
    expect(fold([...planned, suspected(100), healed(200)]).incident.state).toBe('open');
  });
});

test('a standby lost and found again without an outage is no incident', () => {
  expect(
    fold([seen(), writeOk(0), plain('redundancy-lost', 10), writeOk(300), plain('redundant', 9000)]).output,
  ).toEqual([]);
});

test('a restart in place ends at the first good write after it', () => {
  const { incident } = fold([
    seen(),
    plain('redundant', -5),
    writeOk(0),
    writeFailed(50),
    declared(60, 'restart-in-place', 'restart-in-place'),
    accepting(800, 7),
    writeOk(900),
  ]);
  expect(incident).toMatchObject({
    state: 'closed',
    kind: 'restart-in-place',
    phases: { outage: 900, exposure: 0 },
    loss: { provedNone: true },
  });
});

test('a restart in place ends at the first good write after the exit, also where no write had failed and the loop looks late', () => {
  const { incident } = fold([
    seen(),
    plain('redundant', -5),
    writeOk(0),
    suspected(50, 'note'),
    { kind: 'last-write-bounds', ...at(60), replayedCommitWall: null, guardianExitMono: monoMs(50) },
    declared(60, 'restart-in-place', 'restart-in-place'),
    writeOk(700),
    accepting(740, 7),
    healed(740),
  ]);
  expect(incident).toMatchObject({
    state: 'closed',
    closedBecause: 'redundant',
    instants: { t6: { monoMs: 700, measured: false, by: 'no later than the first good write' }, t7: { monoMs: 700 } },
    phases: { outage: 700, routing: 0 },
  });
});

describe('a leader that takes its key again, and whose daemon has seen no write before', () => {
  const own = { member: 'reading-b', location: 'reading' };
  const taken = [suspected(0, 'E2'), awaiting(3_200), won(3_201, 1042, own, own)];
  const lateNow = wallMs(EPOCH + 5_000);

  test('was away until the first good write, which is none before the outage', () => {
    const { incident } = fold([
      ...taken,
      suspected(3_202, 'note'),
      writeOk(3_500, 'reading-b', 'leader'),
      accepting(3_540),
      healed(3_540),
      plain('redundant', 4_300),
    ]);
    expect(incident).toMatchObject({
      state: 'closed',
      closedBecause: 'redundant',
      instants: { t0: null, t7: { wall: new Date(EPOCH + 3_500).toISOString(), by: 'write probe to reading-b' } },
      phases: { outage: null, exposure: 800 },
    });
  });

  test('is waited for until it takes a write, whatever heals before', () => {
    expect(fold([...taken, healed(3_300)]).incident).toMatchObject({ state: 'open', instants: { t7: null } });
  });

  test('ends its record also when its daemon dies in the middle of it', () => {
    const { incident: left } = fold([...taken, suspected(3_202, 'note'), writeOk(3_500, 'reading-b', 'leader')]);
    const reborn = resumeRecorder(newRecorder('domain-1', memberName('reading-b')), left, monoMs(5_000), lateNow);
    const writes = [5_010, 6_000, 7_020].map((mono) => writeOk(mono, 'reading-b', 'leader'));
    const { incident } = fold([...writes, plain('redundant', 7_500)], reborn);
    expect(incident).toMatchObject({ id: left.id, state: 'closed', phases: { outage: null } });
  });

  test('has an outage no longer than until it was seen again, if its daemon died before anybody looked', () => {
    const { incident: left } = fold([writeOk(-100, 'reading-b', 'leader'), ...taken]);
    expect(left.instants.t0).toMatchObject({ uncertaintyMs: null });
    const reborn = resumeRecorder(newRecorder('domain-1', memberName('reading-b')), left, monoMs(5_000), lateNow);
    const writes = [5_010, 6_000, 7_020].map((mono) => writeOk(mono, 'reading-b', 'leader'));
    const { incident } = fold([...writes, plain('redundant', 7_500)], reborn);
    expect(incident).toMatchObject({ id: left.id, state: 'closed', phases: { outage: 5_110 } });
    expect(incident.instants.t7).toMatchObject({ uncertaintyMs: 5_110 });
  });
});

test('a second failover before redundancy is another incident, and the first ends without t8', () => {
  const back = { member: 'slough-a', location: 'slough' };
  const { incidents } = fold([
    ...failover.slice(0, -1),
    writeOk(500, 'reading-b'),
    declared(700),
    won(710, 1100, back, { member: 'reading-b', location: 'reading' }),
    accepting(720),
    writeOk(730, 'slough-a'),
  ]);
  const [first, second] = [...new Set(incidents.map(({ id }) => id))].map((id) =>
    incidents.findLast((incident) => incident.id === id),
  );
  expect(first).toMatchObject({ state: 'closed', closedBecause: 'superseded', instants: { t8: null } });
  expect(second).toMatchObject({ state: 'open', phases: { outage: 230 }, oldLeader: { member: 'reading-b' } });
});

test('an open incident goes on after a restart of the daemon, on the new run of the clock', () => {
  const half = fold(failover.slice(0, 11));
  const reborn = resumeRecorder(
    newRecorder('domain-1', memberName('reading-b')),
    half.incident,
    monoMs(50_000),
    wallMs(EPOCH + 1_000),
  );
  const late = (fact: RecorderFact, mono: number): RecorderFact =>
    fact.kind === 'write-ok'
      ? { ...fact, ackedMono: monoMs(mono + 49_000) }
      : { ...fact, atMono: monoMs(mono + 49_000) };
  const { incident } = fold([late(writeOk(1500, 'reading-b'), 1500), late(plain('redundant', 3000), 3000)], reborn);
  expect(incident).toMatchObject({
    id: half.incident.id,
    state: 'closed',
    phases: { detection: 170, outage: 1500, exposure: 1500 },
  });
  expect(incident.loss).toMatchObject({ provedNone: true });
  expect(incident.evidence.at(-1)?.says).toContain('the recorder was restarted');
});

test('an open incident goes on although the wall clock was set back by an hour meanwhile', () => {
  const half = fold(failover.slice(0, 11));
  const wall = wallMs(EPOCH - 3_600_000);
  const reborn = resumeRecorder(newRecorder('domain-1', memberName('reading-b')), half.incident, monoMs(50_000), wall);
  const { incident } = fold(
    [writeOk(51_000, 'reading-b'), { kind: 'redundant', atMono: monoMs(52_000), wall }],
    reborn,
  );
  expect(incident).toMatchObject({ state: 'closed', phases: { detection: 170, exposure: 1_000 } });
  expect(incident.phases.outage).toBeGreaterThan(1_000);
});

test('a record that began without a good write ends with the first one after a restart of the daemon', () => {
  const begun = fold([seen('strict'), writeFailed(100), writeFailed(2_200)]).incident;
  expect(begun).toMatchObject({ state: 'open', trigger: 'write-probe-failing', instants: { t0: null, t7: null } });
  const reborn = resumeRecorder(
    newRecorder('domain-1', memberName('reading-b')),
    begun,
    monoMs(50_000),
    wallMs(EPOCH + 5_000),
  );
  const late = <T extends RecorderFact>(fact: T): T => ({ ...fact, atMono: monoMs(51_000) });
  const { incident } = fold(
    [late(seen('strict')), late(plain('redundant', 0)), ...[51_500, 52_500, 54_000].map((mono) => writeOk(mono))],
    reborn,
  );
  expect(incident).toMatchObject({ id: begun.id, state: 'closed', instants: { t0: null } });
});

test('a daemon that starts finds redundancy before it finds that its member took over: the record ends all the same', () => {
  const { incident } = fold([plain('redundant', 0), won(1), accepting(2), writeOk(10, 'reading-b', 'leader')]);
  expect(incident).toMatchObject({ state: 'closed', closedBecause: 'redundant' });
});

test('a takeover that was decided on after writes came back, and did not happen, ends with redundancy', () => {
  const { incident } = fold([
    seen(),
    plain('redundant', -900),
    writeOk(0),
    writeFailed(100),
    writeFailed(2_200),
    plain('redundancy-lost', 2_300),
    declared(9_000),
    ...[9_100, 10_200, 11_300].map((mono) => writeOk(mono)),
    plain('redundant', 12_000),
  ]);
  expect(incident).toMatchObject({ state: 'closed', closedBecause: 'redundant', newLeader: { member: 'slough-a' } });
});

test('a candidate that died before it served, and finds the old leader serving again, waits for the writes of that one', () => {
  const won = fold(
    failover.slice(
      0,
      failover.findIndex(({ kind }) => kind === 'promotion-requested'),
    ),
  ).incident;
  expect(won).toMatchObject({ state: 'open', newLeader: { member: 'reading-b' } });
  const reborn = resumeRecorder(
    newRecorder('domain-1', memberName('reading-b')),
    won,
    monoMs(EPOCH),
    wallMs(EPOCH + 8_000),
  );
  const after = (fact: RecorderFact): RecorderFact => ({ ...fact, atMono: monoMs(EPOCH + 1_000) }) as RecorderFact;
  const { incident } = fold(
    [
      after(seen()),
      after(plain('redundant', 0)),
      ...[1_500, 2_500, 4_000].map((ms) => writeOk(EPOCH + ms, 'slough-a')),
    ],
    reborn,
  );
  expect(incident).toMatchObject({ id: won.id, state: 'closed', newLeader: { member: 'slough-a' } });
  expect(incident.phases.outage).toBeGreaterThan(8_000);
});

test("a daemon does not go on with another member's incident, nor with a closed one", () => {
  const closed = fold(failover).incident;
  const fresh = newRecorder('domain-1', memberName('slough-a'));
  expect(resumeRecorder(fresh, { ...closed, state: 'open' }, monoMs(0), wallMs(EPOCH)).open).toBeNull();
  expect(
    resumeRecorder(newRecorder('domain-1', memberName('reading-b')), closed, monoMs(0), wallMs(EPOCH)).open,
  ).toBeNull();
});
