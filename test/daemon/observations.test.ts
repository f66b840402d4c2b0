/** What the sensors have seen: how a probe commit that waits for this host's disk is told from one that waits for a standby. */
import { expect, test } from 'vitest';
import { type CopyId, copyId, lsn, timeline } from '../../src/core/units.ts';
import { Observations, type Running } from '../../src/daemon/observations.ts';
import { answers, aState, b, copyOf, present, record } from '../core/a-view.ts';
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

const told = (at: bigint, copy: CopyId = copyOf.b) =>
  aState({ members: new Map([[b, present(record('b', { lsn: lsn(at), copyId: copy }))]]) });

test('a member that has ended tells less than it had: how far it was is not forgotten', () => {
  const { clock, seen } = begun();
  for (const at of [0x5000000n, 0x3000000n]) seen.sawCluster(told(at), clock.mono());
  expect(seen.toldLsn.get(b)).toBe(0x5000000n);
  const report = answers.report;
  if (report === null) throw new Error('it tells nothing');
  seen.sawPeerDaemon(b, 'ok', report);
  seen.sawPeerDaemon(b, 'ok', { ...report, role: 'none', lsn: lsn(0x3000000n) });
  expect(seen.peer(b).report?.lsn).toBe(0x5000000n);
});

test('another copy of its data begins anew', () => {
  const { clock, seen } = begun();
  seen.sawCluster(told(0x5000000n), clock.mono());
  seen.sawCluster(told(0x3000000n, copyId('cccccccc')), clock.mono());
  expect(seen.toldLsn.get(b)).toBe(0x3000000n);
});
