/** What the sensors have seen: how a probe commit that waits for this host's disk is told from one that waits for a standby. */
import { expect, test } from 'vitest';
import { lsn, timeline } from '../../src/core/units.ts';
import { Observations, type Running } from '../../src/daemon/observations.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

const aLook = (probeWaits: boolean, written = 0x5000000n): Running => ({
  kind: 'primary',
  ...{ systemIdentifier: '7', serverVersion: 15, runId: 'run-1', timeline: timeline(1), copyId: null },
  ...{ currentLsn: lsn(written), waitsFor: [], waitsForNobody: false, waitsRuledBy: null, walsenders: [] },
  ...{ checkpointTimeline: timeline(1), admits: 'everybody', probeWaits, warnings: [] },
  ...{ archiverFails: false, baseBackups: 0 },
});

function begun() {
  const clock = new VirtualClock();
  const seen = new Observations(clock, () => undefined);
  const look = (probeWaits: boolean, written?: bigint) => seen.sawServer(aLook(probeWaits, written), clock.mono());
  look(false);
  return { clock, seen, look };
}
const failed = (problem: string) => ({ ok: false, sentMono: 0 as never, outcome: 'unreachable', problem }) as const;

test('a probe that looks see waiting for no standby is stuck since the first of them', () => {
  const { clock, seen, look } = begun();
  seen.sentWriteProbe();
  const sinceMono = clock.mono();
  look(false);
  look(false);
  expect(seen.writes.stuckSinceMono).toBe(sinceMono);
});

test('one that waits for a standby is not stuck, however it began', () => {
  const { seen, look } = begun();
  seen.sentWriteProbe();
  look(false);
  look(true);
  expect(seen.writes.stuckSinceMono).toBeNull();
});

test('one that hangs by itself while others write is no disk that hangs', () => {
  const { seen, look } = begun();
  seen.sentWriteProbe();
  look(false);
  look(false, 0x5000068n);
  expect(seen.writes.stuckSinceMono).toBeNull();
});

test('none is under way: nothing is stuck', () => {
  const { seen, look } = begun();
  look(false);
  expect(seen.writes.stuckSinceMono).toBeNull();
});

test('one that fails at once is not stuck, as when clients take every connection', () => {
  const { seen, look } = begun();
  seen.sentWriteProbe();
  look(false);
  seen.sawWriteProbe(failed('too many clients'));
  expect(seen.writes.stuckSinceMono).toBeNull();
});
