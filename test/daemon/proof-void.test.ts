/** A proof that commits wait is void once somebody else was seen to have changed what they wait for. */
import { expect, test } from 'vitest';
import { copyId, type CopyId, memberName, monoMs, revision, timeline } from '../../src/core/units.ts';
import { Memory } from '../../src/daemon/memory.ts';
import { Observations, type Running } from '../../src/daemon/observations.ts';
import { nothingKept } from '../../src/ports/journal.ts';
import { realClock } from '../support/real-clock.ts';

const name = 'baton_b_bbbbbbbb';
const look = (changes: Partial<Extract<Running, { kind: 'primary' }>> = {}): Running => ({
  kind: 'primary',
  systemIdentifier: '7000000000000000001',
  serverVersion: 150_018,
  runId: 'run-1',
  timeline: timeline(1),
  copyId: 'aaaaaaaa' as CopyId,
  currentLsn: 1n as never,
  waitsFor: [name],
  waitsForNobody: false,
  waitsRuledBy: null,
  walsenders: [],
  checkpointTimeline: timeline(1),
  admits: 'everybody',
  archiverFails: false,
  baseBackups: 0,
  probeWaits: false,
  warnings: [],
  ...changes,
});

function proved(): Memory {
  const kept = { read: () => ({ ...nothingKept }), write: async () => undefined };
  const memory = new Memory(
    realClock,
    kept,
    () => copyId('cccccccc'),
    () => undefined,
  );
  const proof = { standby: memberName('b'), copyName: name, term: revision(5), runId: 'run-1', waitedFor: [name] };
  const { term } = proof;
  memory.operationEnded({
    spec: { kind: 'prove-wait', standby: proof.standby, copyName: name, term, names: [name] },
    atMono: monoMs(1),
    outcome: { ok: true, value: { kind: 'proved', proof } },
  });
  return memory;
}
test('it stands while the same are waited for, as Baton wrote it', () => {
  const memory = proved();
  memory.sawServer(look());
  memory.sawServer(null);
  expect(memory.view(1_000).proof).not.toBe(null);
});

test.each([
  ['nobody is waited for', { waitsFor: [] }],
  ['another is waited for as well', { waitsFor: [name, 'baton_c_cccccccc'] }],
  ['another file rules what is waited for', { waitsRuledBy: '/data/postgresql.auto.conf' }],
])('it is void when %s', (_what, changes) => {
  const memory = proved();
  memory.sawServer(look(changes));
  memory.sawServer(look());
  expect(memory.view(1_000).proof).toBe(null);
});

test('a commit that was seen to wait says nothingKept once nobody was waited for', () => {
  const seen = new Observations(realClock, () => undefined);
  const waiting = () => seen.writes.seenWaiting;
  seen.sawServer(look({ probeWaits: true }), monoMs(1));
  expect(waiting()).toBe(true);
  seen.sawServer(look(), monoMs(2));
  expect(waiting()).toBe(true);
  seen.sawServer(look({ waitsFor: [] }), monoMs(3));
  seen.sawServer(look(), monoMs(4));
  expect(waiting()).toBe(false);
});
