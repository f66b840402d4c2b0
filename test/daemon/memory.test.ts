/**
 * I11: an etcd that went back or was replaced holds automation, over restarts, until an operator takes the hold out.
 * And the crash budget, which a restart of the daemon or a step of the wall clock does not give back.
 */
import { describe, expect, test } from 'vitest';
import { copyId, memberName, monoMs, type Revision, revision, wallMs } from '../../src/core/units.ts';
import { Memory } from '../../src/daemon/memory.ts';
import { type KeptFacts, type KeptState, nothingKept } from '../../src/ports/journal.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';
import { realClock } from '../support/real-clock.ts';
import { shown } from './shown.ts';

function aDisk(first: KeptFacts = nothingKept): KeptState {
  let facts = first;
  return {
    read: () => facts,
    write: async (news) => {
      facts = { ...facts, ...news };
    },
  };
}

/** A daemon that begins with what is on the disk. */
const begun = (disk: KeptState, clock: Clock = realClock) =>
  new Memory(
    clock,
    disk,
    () => copyId('aaaaaaaa'),
    (error) => {
      throw error;
    },
  );
const shows = (memory: Memory, clusterId: string, at: Revision, term: Revision | null) =>
  memory.etcdPast.believes(shown(clusterId, at, term), null);
const held = (memory: Memory) => memory.view(1_000).held.map(({ code }) => code);

test.each([
  ['another etcd cluster', 'other', 1_100, 60, 'etcd-replaced'],
  ['a lower revision', 'e1', 900, 50, 'etcd-went-back'],
  ['a lower term', 'e1', 1_100, 40, 'etcd-went-back'],
])('%s holds automation, also after a restart at later revisions', (_what, clusterId, at, term, code) => {
  const disk = aDisk({ ...nothingKept, etcdClusterId: 'e1', highestRevision: 1_000, highestTerm: 50 });
  const memory = begun(disk);
  shows(memory, clusterId, revision(at), revision(term));
  expect(held(memory)).toEqual([code]);
  const restarted = begun(disk);
  shows(restarted, 'e1', revision(2_000), revision(70));
  expect(held(restarted)).toEqual([code]);
});

test('the term that was last led is kept as it was, whatever a restored etcd says of it', () => {
  const disk = aDisk({ ...nothingKept, etcdClusterId: 'e1', highestRevision: 1_000, highestTerm: 84 });
  const memory = begun(disk);
  memory.leads(revision(84));
  shows(memory, 'restored', revision(60), revision(47));
  memory.leads(revision(47));
  expect([memory.lastLedTerm, disk.read().lastLedTerm]).toEqual([84, 84]);
});

test('that a term is led is kept before anything may be acknowledged in it', async () => {
  const written = Promise.withResolvers<void>();
  const memory = begun({ read: () => nothingKept, write: () => written.promise });
  memory.leads(revision(84));
  let kept = false;
  const keeping = memory.leadershipKept(revision(84)).then(() => {
    kept = true;
  });
  await Promise.resolve();
  expect(kept).toBe(false);
  written.resolve();
  await keeping;
});

test('a term that is not led, or not any more, cannot be kept', async () => {
  const memory = begun(aDisk());
  await expect(memory.leadershipKept(revision(84))).rejects.toThrow('term 84 is not led here');
  memory.leads(revision(84));
  memory.leads(revision(90));
  await expect(memory.leadershipKept(revision(84))).rejects.toThrow('term 84 is not led here');
  await expect(memory.leadershipKept(revision(90))).resolves.toBeUndefined();
});

test('it goes on once an operator has taken the marks out of the kept facts', () => {
  const memory = begun(aDisk({ ...nothingKept, lastLedTerm: 50 }));
  shows(memory, 'restored', revision(10), revision(5));
  expect(held(memory)).toEqual([]);
});

test('what only goes forward holds nothingKept', () => {
  const memory = begun(aDisk());
  for (const [at, term] of [
    [10, 5],
    [11, 5],
    [500, 400],
  ] as const)
    shows(memory, 'e1', revision(at), revision(term));
  expect(held(memory)).toEqual([]);
});

test('the copy that made the cluster is forgotten once the cluster is known, also over restarts', async () => {
  const disk = aDisk();
  const memory = begun(disk);
  await memory.initializing(copyId('bbbbbbbb'));
  expect(begun(disk).view(1_000).initializedCopyId).toBe('bbbbbbbb');
  memory.sawClusterKnown();
  expect(memory.view(1_000).initializedCopyId).toBeNull();
  expect(begun(disk).view(1_000).initializedCopyId).toBeNull();
});

test('an etcd that is not believed makes nobody forget what it made', async () => {
  const memory = begun(aDisk({ ...nothingKept, etcdClusterId: 'e1', initializedCopyId: 'bbbbbbbb' }));
  shows(memory, 'e2', revision(10), null);
  memory.sawClusterKnown();
  expect(memory.view(1_000).initializedCopyId).toBe('bbbbbbbb');
});

describe('the crash budget', () => {
  const windowMs = 600_000;

  test('a crash still counts after a restart of the daemon, as old as it is', async () => {
    const disk = aDisk();
    const clock = new VirtualClock();
    begun(disk, clock).crashed();
    await clock.runFor(1_000);
    expect(begun(disk, clock).view(windowMs).crashes).toEqual([0]);
    await clock.runFor(windowMs);
    expect(begun(disk, clock).view(windowMs).crashes).toEqual([]);
  });

  test.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('a wall clock that steps an hour %s neither forgets a crash nor makes it last', async (_way, stepMs) => {
    const clock = new VirtualClock();
    const memory = begun(aDisk(), clock);
    memory.crashed();
    clock.wallStart = wallMs(clock.wallStart + stepMs);
    await clock.runFor(1_000);
    expect(memory.view(windowMs).crashes).toEqual([0]);
    await clock.runFor(windowMs);
    expect(memory.view(windowMs).crashes).toEqual([]);
  });

  test('a crash that the kept facts put into the future counts from the start of the daemon', () => {
    const clock = new VirtualClock();
    const disk = aDisk({ ...nothingKept, crashesWallMs: [clock.wall() + 7_200_000] });
    expect(begun(disk, clock).view(windowMs).crashes).toEqual([0]);
  });
});

test('a step of the wall clock is seen once, whichever way it goes, and slewing is no step', async () => {
  const clock = new VirtualClock();
  const memory = begun(aDisk(), clock);
  const seen = [3_600_000, 0, -3_600_000, 900, 900, 900].map((stepMs) => {
    clock.wallStart = wallMs(clock.wallStart + stepMs);
    return memory.lookedAtClocks();
  });
  expect(seen).toEqual([true, false, true, false, false, false]);
  expect(memory.view(1_000).wallJumpedMono).toBe(0);
});

test('a directory that was made ready to follow a leader is examined again after its postgres was stopped', () => {
  const memory = begun(aDisk());
  const spec = { kind: 'rejoin', leader: memberName('b'), term: revision(7), copyId: copyId('bbbbbbbb') } as const;
  memory.operationEnded({ spec, atMono: monoMs(1), outcome: { ok: true, value: { kind: 'done' } } });
  expect(memory.view(1_000).preparedFor).toEqual({ leader: 'b', term: 7 });
  memory.operationBegins({ kind: 'start', as: 'standby', follow: memberName('b') });
  expect(memory.view(1_000).preparedFor).not.toBeNull();
  memory.operationBegins({ kind: 'stop', mode: 'fast', limitMs: 10_000, reason: 'cannot stream' });
  expect(memory.view(1_000).preparedFor).toBeNull();
});
