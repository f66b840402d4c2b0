import { expect, test } from 'vitest';
import type { RemoteFenceOutcome } from '../../src/core/remote-fence.ts';
import { lsn, wallMs } from '../../src/core/units.ts';
import { remoteFenceFacts } from '../../src/daemon/remote-fence-facts.ts';
import { ago, aStandby, aView, b, copyOf, present, term } from '../core/a-view.ts';

const at = { atMono: ago(0), wall: wallMs(1_767_225_600_000) };
const end = lsn(0x5000060n);

function factsOf(outcome: RemoteFenceOutcome, mayHaveMore: boolean) {
  const predecessor = present({ member: b, copyId: copyOf.b, runId: 'run-b', mayHaveMore, address: null }, term);
  const state = { predecessor };
  const before = aView(aStandby(), {
    state,
    memory: { remoteFence: { kind: 'under-way', term, sinceMono: ago(40), attempts: 1 } },
  });
  const after = aView(aStandby(), {
    state,
    memory: { remoteFence: { kind: 'ended', term, atMono: ago(5), attempts: 1, tookMs: 35, outcome } },
  });
  expect(remoteFenceFacts(after, after, at)).toEqual([]);
  return remoteFenceFacts(before, after, at);
}

test('a fence before the promotion is t4, and a stream that was drained proves that nothing is lost', () => {
  const facts = factsOf({ kind: 'fenced', how: 'killed', drained: { upTo: end, complete: true } }, true);
  const says =
    "every process of b's PostgreSQL was killed through itself, 35 ms after that was asked; all that it committed, up to 0/5000060, had arrived here";
  expect(facts).toEqual([
    { kind: 'old-primary-fenced', ...at, how: says },
    { kind: 'loss-known', ...at, loss: { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: says } },
  ]);
});

test('a stream that was not drained, and a server that was only closed, prove nothing of the loss', () => {
  const undrained = factsOf({ kind: 'fenced', how: 'killed', drained: { upTo: end, complete: false } }, true);
  const closed = factsOf({ kind: 'fenced', how: 'closed', drained: { upTo: end, complete: true } }, true);
  for (const facts of [undrained, closed]) expect(facts.map(({ kind }) => kind)).toEqual(['old-primary-fenced']);
  expect(undrained[0]).toMatchObject({ how: expect.stringContaining('not all that it committed') });
});

test('a fence beside the promotion is noted too, since t4 is there already', () => {
  const facts = factsOf({ kind: 'fenced', how: 'killed', drained: null }, false);
  expect(facts.map(({ kind }) => kind)).toEqual(['old-primary-fenced', 'noted']);
});

test('what was not fenced is noted, with why', () => {
  expect(factsOf({ kind: 'another-server', why: 'it is in recovery' }, true)).toEqual([
    { kind: 'noted', ...at, says: 'b was not fenced remotely: it is in recovery' },
  ]);
  expect(factsOf({ kind: 'failed', problem: 'no answer' }, true)).toEqual([
    { kind: 'noted', ...at, says: 'b could not be fenced remotely: no answer' },
  ]);
});
