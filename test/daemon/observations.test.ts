/** What the sensors have seen: how a probe commit that waits for this host's disk is told from one that waits for a standby. */
import { expect, test } from 'vitest';
import { lsn, timeline } from '../../src/core/units.ts';
import { Observations, type Running } from '../../src/daemon/observations.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

const aLook = (probeWaits: boolean, end: bigint): Running => ({
  kind: 'primary',
  ...{ systemIdentifier: '7', serverVersion: 15, runId: 'run-1', timeline: timeline(1), copyId: null },
  ...{ currentLsn: lsn(end), waitsFor: [], waitsForNobody: false, walsenders: [] },
  ...{ checkpointTimeline: timeline(1), admits: 'everybody', probeWaits, warnings: [] },
  ...{ archiverFails: false, baseBackups: 0 },
});

function begun() {
  const clock = new VirtualClock();
  const seen = new Observations(clock, () => undefined);
  const look = (probeWaits: boolean, end = 0x5000000n) => seen.sawServer(aLook(probeWaits, end), clock.mono());
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

test('one whose own backend hangs is not stuck while others write', () => {
  const { seen, look } = begun();
  seen.sentWriteProbe();
  look(false, 0x5000100n);
  look(false, 0x5000200n);
  expect(seen.writes.stuckSinceMono).toBeNull();
  look(false, 0x5000200n);
  expect(seen.writes.stuckSinceMono).not.toBeNull();
});
