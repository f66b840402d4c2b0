import { expect, test } from 'vitest';
import { err, ok, type Result } from '../../src/core/result.ts';
import { type LeaseId, leaseId, type Ms, monoMs, wallMs } from '../../src/core/units.ts';
import { LeaseKeeper } from '../../src/guardian/lease-keeper.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { LeaseStore } from '../../src/ports/coordinator.ts';

type Answers = Parameters<LeaseStore['renew']>[2];

/** An etcd whose answers the test gives, and a clock that stands where the test puts it. */
function aKeeper(keptId: LeaseId | null, granting: () => Result<Ms, string> = () => ok(5_000)) {
  const at = { mono: 1_000, bootAheadMs: 0 };
  const asked: Answers[] = [];
  const calls: string[] = [];
  const chosen = [leaseId('11'), leaseId('12'), leaseId('13')];
  const clock: Clock = {
    mono: () => monoMs(at.mono),
    boot: () => monoMs(at.mono + at.bootAheadMs),
    wall: () => wallMs(0),
    sleep: async (durationMs) => {
      at.mono += durationMs;
    },
    timer: () => () => undefined,
    timeout: () => new AbortController().signal,
  };
  let revocations: Result<void, string>[] = [];
  const keeper = new LeaseKeeper(
    {
      clock,
      store: {
        grant: async (id) => {
          calls.push(`grant ${id}`);
          return granting();
        },
        renew: (id, _limitMs, on) => {
          calls.push(`renew ${id}`);
          asked.push(on);
        },
        revoke: async (id) => {
          calls.push(`revoke ${id}`);
          return revocations.shift() ?? ok(undefined);
        },
      },
      kept: {
        read: async () => keptId,
        write: async (id) => {
          calls.push(`keep ${id}`);
        },
      },
      newLeaseId: () => chosen.shift() ?? leaseId('99'),
      bootAheadMs: () => at.bootAheadMs,
      changed: () => undefined,
      renewed: () => undefined,
      problem: () => undefined,
      signal: new AbortController().signal,
    },
    keptId,
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    keeper,
    at,
    asked,
    calls,
    settle,
    revokeWith: (answers: Result<void, string>[]) => {
      revocations = answers;
    },
  };
}

test('an id from the run before is no lease until a renewal of it is confirmed', () => {
  const { keeper, asked } = aKeeper(leaseId('7'));
  expect([keeper.lease.kind, keeper.view.kind]).toEqual(['adopting', 'none']);
  keeper.renew();
  asked[0]?.renewed(monoMs(1_000), 5_000);
  expect(keeper.view).toEqual({ kind: 'held', leaseId: '7', ttlMs: 5_000, confirmedSentMono: 1_000 });
});

test('an id from the run before that etcd does not know is forgotten, and another is chosen', async () => {
  const { keeper, asked, calls, settle } = aKeeper(leaseId('7'));
  keeper.renew();
  asked[0]?.gone();
  expect(keeper.lease.kind).toBe('none');
  keeper.grant(5_000);
  await settle();
  expect(calls).toEqual(['renew 7', 'keep 11', 'grant 11']);
});

test('a grant is kept on disk before it is asked for, and counts once it was renewed', async () => {
  const { keeper, asked, calls, settle } = aKeeper(null);
  keeper.grant(5_000);
  await settle();
  expect([calls, keeper.lease.kind]).toEqual([['keep 11', 'grant 11'], 'adopting']);
  keeper.renew();
  asked[0]?.renewed(monoMs(1_000), 5_000);
  expect(keeper.lease.kind).toBe('held');
});

test('a grant that got no answer is asked for again under the same id', async () => {
  const answers = [err('nobody answers'), ok(5_000)];
  const { keeper, calls, settle } = aKeeper(null, () => answers.shift() ?? ok(5_000));
  keeper.grant(5_000);
  await settle();
  expect(keeper.lease).toEqual({ kind: 'none', retryAtMono: 1_300 });
  keeper.grant(5_000);
  await settle();
  expect(calls.filter((call) => call.startsWith('grant'))).toEqual(['grant 11', 'grant 11']);
});

test('answers that overtake each other never take the deadline back', () => {
  const { keeper, asked, at } = aKeeper(leaseId('7'));
  keeper.renew();
  at.mono = 1_250;
  keeper.renew();
  asked[1]?.renewed(monoMs(1_250), 5_000);
  asked[0]?.renewed(monoMs(1_000), 5_000);
  expect(keeper.view).toMatchObject({ confirmedSentMono: 1_250 });
});

test('the boot clock is stamped when the renewal is sent, not when it is answered', () => {
  const { keeper, asked, at } = aKeeper(leaseId('7'));
  keeper.renew();
  at.bootAheadMs = 60_000;
  asked[0]?.renewed(monoMs(1_000), 5_000);
  expect(keeper.lease).toMatchObject({ confirmedBootAheadMs: 0 });
});

test('"gone" is not believed when a renewal that was sent later was confirmed', () => {
  const { keeper, asked, at } = aKeeper(leaseId('7'));
  keeper.renew();
  at.mono = 1_250;
  keeper.renew();
  asked[1]?.renewed(monoMs(1_250), 5_000);
  asked[0]?.gone();
  expect(keeper.lease.kind).toBe('held');
  asked[1]?.gone();
  expect(keeper.view).toEqual({ kind: 'gone', leaseId: '7' });
  asked[0]?.renewed(monoMs(9_000), 5_000);
  expect(keeper.view.kind).toBe('gone');
});

test('answers about a lease that was given back are about nobody', async () => {
  const { keeper, asked, settle } = aKeeper(leaseId('7'));
  keeper.renew();
  keeper.revoke();
  expect([keeper.lease.kind, keeper.revoking]).toEqual(['none', true]);
  asked[0]?.renewed(monoMs(1_000), 5_000);
  expect(keeper.lease.kind).toBe('none');
  await settle();
  expect(keeper.revoking).toBe(false);
});

test('a revocation is repeated until etcd has it, or for three seconds', async () => {
  const some = aKeeper(leaseId('7'));
  some.revokeWith([err('nobody answers'), err('nobody answers')]);
  some.keeper.revoke();
  await some.settle();
  expect(some.calls).toEqual(['revoke 7', 'revoke 7', 'revoke 7']);
  const never = aKeeper(leaseId('7'));
  never.revokeWith(Array.from({ length: 100 }, () => err('nobody answers')));
  never.keeper.revoke();
  await never.settle();
  expect([never.calls.length, never.keeper.revoking, never.at.mono]).toEqual([11, false, 4_000]);
});
