/** What an operator accepted the loss of, and what nobody did. */
import { describe, expect, test } from 'vitest';
import { copyId, memberName } from '../../../src/core/units.ts';
import { Disk } from '../hosts/disk.ts';
import { SimDirectory, type WalRecord } from '../postgres/directory.ts';
import { AcceptedLoss } from './accepted-loss.ts';
import { Acknowledged } from './acknowledged.ts';
import type { SyncContent } from './invariants.ts';

const copies = { a: 'aaaaaaaa', b: 'bbbbbbbb' };
const sync = (leader: string, ...standbys: string[]): SyncContent => ({ leader, standbys, mode: 'available', copies });

function aDirectory(member: 'a' | 'b', copy: string = copies[member]): SimDirectory {
  const dir = new SimDirectory('7000000001', new Disk());
  dir.copy = { member: memberName(member), copyId: copyId(copy) };
  return dir;
}

describe('whether a loss was accepted', () => {
  const seen = (forced: string | null, ...syncs: readonly SyncContent[]) => {
    const losses = new AcceptedLoss();
    for (const [at, each] of syncs.entries()) losses.look(each, () => forced, at);
    return losses;
  };

  test('it was, for the copy that claimed by a request and that sync did not name', () => {
    expect(seen('b', sync('a'), sync('b')).take(aDirectory('b'))).toBe(1);
  });

  test('it stays accepted while its leader writes sync again', () => {
    expect(seen('b', sync('a'), sync('b'), sync('b')).take(aDirectory('b'))).toBe(1);
  });

  test('it is accepted once: what is acknowledged after that start must be found by the next', () => {
    const losses = seen('b', sync('a'), sync('b'));
    losses.take(aDirectory('b'));
    expect(losses.take(aDirectory('b'))).toBeNull();
  });

  test.each<readonly [what: string, forced: string | null, syncs: readonly SyncContent[], dir: SimDirectory]>([
    ['nobody asked', null, [sync('a'), sync('b')], aDirectory('b')],
    ['another member was asked for', 'a', [sync('a'), sync('b')], aDirectory('b')],
    ['sync named the copy that claims: it has everything', 'b', [sync('a', 'b'), sync('b')], aDirectory('b')],
    ['it has not claimed', 'b', [sync('a')], aDirectory('b')],
    ['it is another copy of that member', 'b', [sync('a'), sync('b')], aDirectory('b', 'cccccccc')],
    ['another has claimed since', 'b', [sync('a'), sync('b'), sync('a')], aDirectory('b')],
  ])('it was not: %s', (_what, forced, syncs, dir) => {
    expect(seen(forced, ...syncs).take(dir)).toBeNull();
  });
});

test('what is acknowledged after a loss was accepted must not be lost', () => {
  const acknowledged = new Acknowledged();
  const commit = (position: number, atMs: number) => {
    const record: WalRecord = { uid: position, id: `client-1/${position}`, kind: 'commit', timeline: 1, position };
    acknowledged.add({ record, member: 'a', runId: 'run-1', atMs, supervised: true }, 'stays');
  };
  commit(0, 100);
  commit(1, 300);
  const dir = aDirectory('b');
  acknowledged.forgive(dir, 200);
  expect(acknowledged.missingFrom(dir)?.record.id).toBe('client-1/1');
  acknowledged.forgive(dir, 300);
  expect(acknowledged.missingFrom(dir)).toBeNull();
});
