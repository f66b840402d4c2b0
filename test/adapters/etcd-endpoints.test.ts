/** Several endpoints: whom to ask, when to ask another, and whom to believe. On virtual time. */
import { describe, expect, test } from 'vitest';
import { coordinateOver } from '../../src/adapters/etcd/coordinator.ts';
import { type EtcdEndpoint, EtcdFailure } from '../../src/adapters/etcd/endpoint.ts';
import { etcdFailure } from '../../src/adapters/etcd/failure.ts';
import { hedged } from '../../src/adapters/etcd/hedge.ts';
import { createPreference } from '../../src/adapters/etcd/preference.ts';
import { createReachability } from '../../src/adapters/etcd/reachability.ts';
import { leaseStoreOver } from '../../src/adapters/etcd/renewing.ts';
import { leaseId, type Ms } from '../../src/core/units.ts';
import { FakeEtcdStore } from '../sim/etcd/fake-etcd-store.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

const store = new FakeEtcdStore('c1');

/** An endpoint whose every call ends as `answer` says, after `delayMs`, and which remembers when it was asked. */
function anEndpoint(clock: VirtualClock, name: string, answer: 'ok' | EtcdFailure['fate'] | number, delayMs: Ms = 1) {
  const asked: number[] = [];
  const call = async <T>(limitMs: Ms, value: T): Promise<T> => {
    asked.push(clock.mono());
    await clock.sleep(Math.min(limitMs, delayMs));
    if (delayMs > limitMs) throw new EtcdFailure('ambiguous', 'no answer');
    if (answer !== 'ok' && typeof answer !== 'number') throw new EtcdFailure(answer, answer);
    return value;
  };
  const endpoint: EtcdEndpoint = {
    name,
    read: (since, limitMs) => call(limitMs, store.read(since)),
    txn: (txn, since, limitMs) => call(limitMs, { applied: txn.compares.length === 0, reading: store.read(since) }),
    watch: () => ({ askProgress: () => {}, cancel: () => {} }),
    leaseTtl: (_id, limitMs) => call(limitMs, { kind: 'alive', remainingS: 4, grantedS: 5 }),
    grant: (_id, ttlS, limitMs) => call(limitMs, ttlS),
    keepAlive: (_id, limitMs) => call(limitMs, typeof answer === 'number' ? answer : 5),
    revoke: (_id, limitMs) => call(limitMs, undefined),
    accepts: async () => true,
    close: () => {},
  };
  return Object.assign(endpoint, { asked });
}

const run = async <T>(clock: VirtualClock, promise: Promise<T>, ms = 5_000): Promise<T> => {
  await clock.runFor(ms);
  return promise;
};

describe('a hedged call', () => {
  const call = (endpoint: EtcdEndpoint, limitMs: Ms) => endpoint.leaseTtl(leaseId('1'), limitMs);

  test('asks one endpoint when that answers', async () => {
    const clock = new VirtualClock();
    const [first, second] = [anEndpoint(clock, 'e1', 'ok'), anEndpoint(clock, 'e2', 'ok')];
    expect(await run(clock, hedged(clock, [first, second], 1_000, call))).toMatchObject({ ok: true, endpoint: first });
    expect(second.asked).toEqual([]);
  });

  test('asks the next after 100 ms of silence, at once after a failure, and takes the first answer', async () => {
    const clock = new VirtualClock();
    const [silent, refusing, serving] = [
      anEndpoint(clock, 'e1', 'ok', 9_999),
      anEndpoint(clock, 'e2', 'not-taken'),
      anEndpoint(clock, 'e3', 'ok'),
    ];
    const endpoints = [silent, refusing, serving];
    expect(await run(clock, hedged(clock, endpoints, 1_000, call))).toMatchObject({ ok: true, endpoint: serving });
    expect(endpoints.map(({ asked }) => asked)).toEqual([[0], [100], [101]]);
  });

  test('ends within its limit and names every endpoint and what it said', async () => {
    const clock = new VirtualClock();
    const endpoints = [anEndpoint(clock, 'e1', 'not-taken'), anEndpoint(clock, 'e2', 'ok', 9_999)];
    let endedMono = 0;
    const result = hedged(clock, endpoints, 300, call).finally(() => {
      endedMono = clock.mono();
    });
    expect(await run(clock, result)).toEqual({ ok: false, problem: 'e1: not-taken; e2: no answer', decided: null });
    expect(endedMono).toBeLessThanOrEqual(300);
    expect(await run(clock, hedged(clock, [], 300, call))).toMatchObject({ ok: false });
  });

  test('asks nobody else when etcd has decided', async () => {
    const clock = new VirtualClock();
    const [first, second] = [anEndpoint(clock, 'e1', 'rejected'), anEndpoint(clock, 'e2', 'ok')];
    expect(await run(clock, hedged(clock, [first, second], 300, call))).toMatchObject({
      ok: false,
      decided: { fate: 'rejected' },
    });
    expect(second.asked).toEqual([]);
  });
});

describe('a commit', () => {
  const txn = { compares: [], writes: [{ op: 'put' as const, key: 'leader', value: 'a' }] };
  const outcomeOf = async (first: EtcdFailure['fate']) => {
    const clock = new VirtualClock();
    const endpoints = [anEndpoint(clock, 'e1', first), anEndpoint(clock, 'e2', 'ok')] as const;
    const outcome = await run(clock, coordinateOver(endpoints, clock).commit(txn, 500));
    return { kind: outcome.kind, secondAsked: endpoints[1].asked.length };
  };

  test.each([
    [
      'goes on to another endpoint when the first certainly did nothing with it',
      'not-taken',
      { kind: 'applied', secondAsked: 1 },
    ],
    [
      'is unknown and sent nowhere else when the first may have applied it',
      'ambiguous',
      { kind: 'unknown', secondAsked: 0 },
    ],
    ['has failed when etcd decided against it', 'rejected', { kind: 'failed', secondAsked: 0 }],
  ] as const)('%s', async (_says, fate, expected) => {
    expect(await outcomeOf(fate)).toEqual(expected);
  });

  test('is sent first to the endpoint that answered the last read', async () => {
    const clock = new VirtualClock();
    const endpoints = [anEndpoint(clock, 'e1', 'ok', 9_999), anEndpoint(clock, 'e2', 'ok')] as const;
    const coordinator = coordinateOver(endpoints, clock);
    coordinator.follow(() => {}, new AbortController().signal);
    await clock.runFor(500);
    const asked = endpoints[0].asked.length;
    expect(await run(clock, coordinator.commit(txn, 500), 10)).toMatchObject({ kind: 'applied' });
    expect(endpoints[0].asked.length).toBe(asked);
  });
});

describe('an unknown outcome', () => {
  test('is followed by a read at once', async () => {
    const clock = new VirtualClock();
    const healthy = anEndpoint(clock, 'e1', 'ok');
    const losing = { ...healthy, txn: async () => Promise.reject(new EtcdFailure('ambiguous', 'connection lost')) };
    const coordinator = coordinateOver([losing], clock);
    const confirmedMono: number[] = [];
    coordinator.follow((seen) => {
      if (seen.kind === 'snapshot') confirmedMono.push(seen.confirmedMono);
    }, new AbortController().signal);
    await clock.runFor(300);
    expect((await coordinator.commit({ compares: [], writes: [] }, 500)).kind).toBe('unknown');
    await clock.runFor(10);
    expect(confirmedMono).toEqual([0, 300]);
  });
});

describe('the order in which endpoints are asked', () => {
  test('keeps the one that answered a call until it has been silent for longer than a living watch', async () => {
    const clock = new VirtualClock();
    const endpoint = (name: string) => anEndpoint(clock, name, 'ok');
    const [first, second, third] = [endpoint('e1'), endpoint('e2'), endpoint('e3')];
    const endpoints = [first, second, third];
    const preference = createPreference(endpoints, clock);
    expect(preference.order()[0]).toBe(first);
    preference.prefer(second);
    await clock.runFor(600);
    preference.answered(third);
    expect(preference.order()).toEqual([second, third, first]);
    await clock.runFor(200);
    preference.answered(third);
    expect(preference.order()).toEqual([third, second, first]);
  });
});

describe('renewals', () => {
  const outcomes = async (answers: readonly ('ok' | EtcdFailure['fate'] | number)[]) => {
    const clock = new VirtualClock();
    const events: string[] = [];
    const endpoints = answers.map((answer, index) => anEndpoint(clock, `e${index}`, answer, 10 * (index + 1)));
    leaseStoreOver(endpoints, clock).renew(leaseId('1'), 300, {
      renewed: (sentMono, ttlMs) => events.push(`renewed ${sentMono} ${ttlMs}`),
      gone: () => events.push(`gone@${clock.mono()}`),
    });
    await clock.runFor(1_000);
    return events;
  };

  test.each([
    [
      'go to every endpoint, each confirmation counts from the send',
      ['ok', 'ok', 'ok'],
      ['renewed 0 5000', 'renewed 0 5000', 'renewed 0 5000'],
    ],
    ['one endpoint that knows no such lease is outvoted', [0, 'ok', 'ok'], ['renewed 0 5000', 'renewed 0 5000']],
    ['a majority that knows no such lease is believed at once', [0, 0, 'ok'], ['gone@20', 'renewed 0 5000']],
    ['one that knows none is believed when nobody else answered otherwise', [0, 'ambiguous', 'not-taken'], ['gone@30']],
    ['it is reported once', [0, 0, 0], ['gone@20']],
    ['silence everywhere says nothing', ['ambiguous', 'ambiguous', 'ambiguous'], []],
  ] as const)('%s', async (_says, answers, expected) => {
    expect(await outcomes(answers)).toEqual(expected);
  });

  test('an endpoint that misses many is asked once a second until it answers', async () => {
    const clock = new VirtualClock();
    const [serving, dead] = [anEndpoint(clock, 'e1', 'ok'), anEndpoint(clock, 'e2', 'ambiguous')];
    const store = leaseStoreOver([serving, dead], clock);
    for (let tick = 0; tick < 40; tick += 1) {
      store.renew(leaseId('1'), 300, { renewed: () => {}, gone: () => expect.fail('nobody said so') });
      await clock.runFor(250);
    }
    expect(serving.asked).toHaveLength(40);
    expect(dead.asked.slice(8).map((at, index, all) => at - (all[index - 1] ?? at - 1_000))).toEqual(
      Array(8).fill(1_000),
    );
  });
});

describe('what an error says about the fate of a request', () => {
  test.each([
    [
      '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
      'not-taken',
    ],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 0.300s,Waiting for LB pick', 'not-taken'],
    ['14 UNAVAILABLE: etcdserver: no leader', 'not-taken'],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 0.300s,remote_addr=127.0.0.1:2379', 'ambiguous'],
    ['14 UNAVAILABLE: Connection dropped', 'ambiguous'],
    ['14 UNAVAILABLE: etcdserver: request timed out, possibly due to previous leader failure', 'ambiguous'],
    ['something nobody has seen before', 'ambiguous'],
    ['9 FAILED_PRECONDITION: etcdserver: lease already exists', 'rejected'],
    ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'rejected'],
  ] as const)('%s', (message, fate) => {
    expect(etcdFailure(new Error(message)).fate).toBe(fate);
  });

  test('gRPC’s own words are left out of the text for people', () => {
    const failure = etcdFailure(
      new Error(
        '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
      ),
    );
    expect(failure.message).toBe('No connection established: connect ECONNREFUSED 127.0.0.1:1');
  });
});

describe('whether this host reaches etcd', () => {
  const three = (clock: VirtualClock) =>
    [anEndpoint(clock, 'e1', 'ok'), anEndpoint(clock, 'e2', 'ok'), anEndpoint(clock, 'e3', 'ok')] as const;

  test('is when each of a majority was last heard, whatever the others do', async () => {
    const clock = new VirtualClock();
    const [first, second, third] = three(clock);
    const reachability = createReachability([first, second, third], clock);
    expect(reachability.byMajorityMono()).toBeNull();
    reachability.heard(first);
    expect(reachability.byMajorityMono()).toBeNull();
    await clock.runFor(100);
    reachability.heard(second);
    expect(reachability.byMajorityMono()).toBe(0);
    await clock.runFor(100);
    reachability.heard(first);
    expect(reachability.byMajorityMono()).toBe(100);
    reachability.heard(third);
    expect(reachability.byMajorityMono()).toBe(200);
  });

  test('is so of one endpoint too', () => {
    const clock = new VirtualClock();
    const only = anEndpoint(clock, 'e1', 'ok');
    const reachability = createReachability([only], clock);
    reachability.heard(only);
    expect(reachability.byMajorityMono()).toBe(0);
  });

  test('is asked of their hosts while etcd does not answer, and not any more when it does', async () => {
    const clock = new VirtualClock();
    const [first, second, third] = three(clock);
    const asked: number[] = [];
    const accepting = (endpoint: EtcdEndpoint, accepts: boolean) =>
      Object.assign(endpoint, {
        accepts: async () => {
          asked.push(clock.mono());
          return accepts;
        },
      });
    const endpoints = [accepting(first, true), accepting(second, true), accepting(third, false)];
    const reachability = createReachability(endpoints, clock);
    await clock.runFor(1_000);
    expect(asked).toEqual([]);
    reachability.doubt();
    reachability.doubt();
    await clock.runFor(900);
    expect(reachability.byMajorityMono()).toBe(1_800);
    expect(asked).toHaveLength(9);
    reachability.calm();
    await clock.runFor(1_000);
    expect(asked).toHaveLength(9);
    accepting(second, false);
    reachability.doubt();
    await clock.runFor(1_000);
    expect(reachability.byMajorityMono()).toBe(1_800);
  });

  test('is found out by a read that takes long, and told until one is answered', async () => {
    const clock = new VirtualClock();
    const [slow, other] = [anEndpoint(clock, 'e1', 'ok', 9_999), anEndpoint(clock, 'e2', 'ok', 9_999)];
    const coordinator = coordinateOver([slow, other], clock);
    const ending = new AbortController();
    coordinator.follow(() => {}, ending.signal);
    await clock.runFor(5_000);
    expect(clock.mono() - (coordinator.reachedMono() ?? 0)).toBeLessThanOrEqual(400);
    ending.abort();
    await clock.runFor(2_000);
    const reachedMono = coordinator.reachedMono();
    await clock.runFor(5_000);
    expect(coordinator.reachedMono()).toBe(reachedMono);
  });
});
