/** A disk that refuses for a while: no fact is lost by it, and the daemon says so once. */
import { expect, test } from 'vitest';
import { copyId, revision } from '../../src/core/units.ts';
import { Memory } from '../../src/daemon/memory.ts';
import { type KeptFacts, nothingKept } from '../../src/ports/journal.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';
import { shown } from './shown.ts';

const known: KeptFacts = { ...nothingKept, etcdClusterId: 'e1', highestRevision: 1_000, highestTerm: 50 };

test('a hold that the disk refused is kept once the disk takes it, with no further fact', async () => {
  const clock = new VirtualClock();
  const disk = { readOnly: true, facts: known, refusals: 0 };
  const problems: unknown[] = [];
  let facts = known;
  const memory = new Memory(
    clock,
    {
      read: () => known,
      write: async (news) => {
        facts = { ...facts, ...news };
        if (disk.readOnly) {
          disk.refusals += 1;
          throw new Error('EROFS');
        }
        disk.facts = facts;
      },
    },
    () => copyId('aaaaaaaa'),
    (problem) => problems.push(problem),
  );
  const lives = async (ms: number) => {
    for (let lived = 0; lived < ms; lived += 100) {
      memory.keepWhatWasRefused();
      await clock.runFor(100);
    }
  };
  memory.etcdPast.believes(shown('e1', revision(900), revision(50)), null);
  await lives(5_000);
  expect(disk.facts.hold).toBeNull();
  expect(disk.refusals).toBeGreaterThan(3);
  expect(disk.refusals).toBeLessThan(7);
  expect(problems).toHaveLength(1);
  disk.readOnly = false;
  await lives(1_200);
  expect(disk.facts.hold?.code).toBe('etcd-went-back');
  const { refusals } = disk;
  await lives(3_000);
  expect(disk.refusals).toBe(refusals);
});

test('whoever waits for a fact is told that the disk refuses it, and the disk is asked again each time', async () => {
  const disk = { readOnly: true, facts: nothingKept };
  let facts = nothingKept;
  const memory = new Memory(
    new VirtualClock(),
    {
      read: () => nothingKept,
      write: async (news) => {
        facts = { ...facts, ...news };
        if (disk.readOnly) throw new Error('EROFS');
        disk.facts = facts;
      },
    },
    () => copyId('aaaaaaaa'),
    () => {},
  );
  memory.leads(revision(84));
  await expect(memory.leadershipKept(revision(84))).rejects.toThrow('EROFS');
  await expect(memory.leadershipKept(revision(84))).rejects.toThrow('EROFS');
  disk.readOnly = false;
  await memory.leadershipKept(revision(84));
  expect(disk.facts.lastLedTerm).toBe(84);
});
