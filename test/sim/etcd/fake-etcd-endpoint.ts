/** One client's way of calling one member of the fake etcd: the interface that the gRPC adapter implements, over a fallible link. */
import {
  type Change,
  type EtcdEndpoint,
  EtcdFailure,
  type Watch,
  type WatchHandlers,
} from '../../../src/adapters/etcd/endpoint.ts';
import { elapsed, type MonoMs, type Ms, type Revision, second } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { FakeEtcd } from './fake-etcd.ts';
import { aConversation, type Conversation, type FakeEtcdLink } from './fake-etcd-link.ts';
import type { FakeEtcdMember } from './fake-etcd-member.ts';

/** The process that calls. */
export interface EtcdClient {
  readonly clock: Clock;
  /** What arrives for it is handled when it is scheduled. */
  run(action: () => void): void;
}

/** A watcher that has not asked for progress for so long belongs to a dead process. */
const forgottenAfterMs: Ms = 30_000;

/**
 * What becomes of a call. `answer-lost`: done, and the connection breaks before the answer. `request-lost`: not done,
 * and it looks the same. `late`: it looks the same, and is done seconds later.
 */
export type CallFate = 'answered' | 'answer-lost' | 'request-lost' | 'late';

const lateMaxMs: Ms = 4_000;

export function fakeEndpoint(
  etcd: FakeEtcd,
  member: FakeEtcdMember,
  link: FakeEtcdLink,
  client: EtcdClient,
): EtcdEndpoint {
  const { clock } = client;

  const say = (conversation: Conversation, action: () => void) =>
    link.send('answers', conversation, () => client.run(action), member.slowMs);

  /** `deposed`: what a member answers that was the leader and has not noticed that it is cut off from the others. */
  function call<T>(
    limitMs: Ms,
    handle: (now: MonoMs) => T | null,
    deposed?: () => T,
    lateMs: Ms | null = null,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const conversation = aConversation();
      const fate = lateMs === null ? etcd.fate() : 'late';
      const fail = (failure: EtcdFailure) => {
        cancelLimit();
        reject(failure);
      };
      const cancelLimit = clock.timer(limitMs, () => {
        reject(new EtcdFailure('ambiguous', `no answer within ${Math.round(limitMs)} ms`));
      });
      const reset = () => say(conversation, () => fail(new EtcdFailure('ambiguous', 'connection reset')));
      const answer = fate === 'answered' ? (action: () => void) => say(conversation, action) : reset;
      const carryOut = (now: MonoMs) => {
        let value: T | null;
        try {
          value = handle(now);
        } catch (error) {
          if (!(error instanceof EtcdFailure)) throw error;
          return answer(() => fail(error));
        }
        if (value === null) return;
        const answered = value;
        answer(() => {
          cancelLimit();
          resolve(answered);
        });
      };
      if (link.refuses) {
        clock.timer(1, () => fail(new EtcdFailure('not-taken', 'connection refused')));
        return;
      }
      const { run } = member;
      link.send('requests', conversation, () => {
        if (member.run !== run && !member.down) return reset();
        if (fate === 'request-lost' && !member.down) return reset();
        if (fate === 'late' && !member.down) {
          etcd.clock.timer(lateMs ?? etcd.random.between(1, lateMaxMs), () => {
            if (member.run === run) member.decide(carryOut, () => {});
          });
          return reset();
        }
        if (deposed !== undefined && member.confirmsAlone(etcd.electionTimeoutMs)) {
          const value = deposed();
          return answer(() => {
            cancelLimit();
            resolve(value);
          });
        }
        member.decide(carryOut, (failure) => say(conversation, () => fail(failure)));
      });
    });
  }

  function watch(from: Revision, handlers: WatchHandlers): Watch {
    const conversation = aConversation();
    let cancelled = false;
    let askedMono = etcd.clock.mono();
    let forget: () => void = () => {};
    const tell = (action: () => void) =>
      say(conversation, () => {
        if (!cancelled) action();
      });
    const ended = (action: () => void) => {
      forget();
      tell(() => {
        cancelled = true;
        action();
      });
    };
    const changed = (changes: readonly Change[]) => {
      if (elapsed(askedMono, etcd.clock.mono()) > forgottenAfterMs) return forget();
      const { clusterId } = etcd.store;
      const wanted = changes.filter((change) => change.revision >= from);
      if (wanted.length > 0) tell(() => handlers.changed(clusterId, wanted));
    };
    if (link.refuses)
      clock.timer(1, () => handlers.ended({ kind: 'lost', problem: 'connection refused', byEtcd: false }));
    link.send('requests', conversation, () => {
      if (member.down)
        return ended(() => handlers.ended({ kind: 'lost', problem: 'connection refused', byEtcd: false }));
      tell(() => handlers.created());
      const compacted = () => ended(() => handlers.ended({ kind: 'compacted' }));
      if (from <= etcd.store.compacted) return compacted();
      changed(etcd.store.history.filter((change) => change.revision <= member.told));
      forget = member.watch({
        changed,
        compacted,
        ended: (problem) =>
          ended(() => handlers.ended({ kind: 'lost', problem, byEtcd: problem.includes('no leader') })),
      });
    });
    return {
      askProgress: () =>
        link.send('requests', conversation, () => {
          askedMono = etcd.clock.mono();
          const { clusterId } = etcd.store;
          if (!member.down) tell(() => handlers.changed(clusterId, []));
        }),
      cancel: () => {
        cancelled = true;
        link.send('requests', conversation, () => forget());
      },
    };
  }

  /** Null: as soon as it arrives. */
  function transactionLateMs(): Ms | null {
    const { lateMs, share } = link.transactions;
    return share > 0 && etcd.random.chance(share) ? lateMs : null;
  }

  return {
    name: 'fake etcd',
    read: (since, limitMs) => call(limitMs, () => etcd.store.read(since)),
    txn: (txn, since, limitMs) => call(limitMs, () => etcd.store.txn(txn, since), undefined, transactionLateMs()),
    watch,
    leaseTtl: (id, limitMs) => call(limitMs, (now) => etcd.store.leaseTtl(id, now)),
    grant: (id, ttlS, limitMs) => call(limitMs, (now) => etcd.store.grant(id, etcd.grantedS(ttlS), now)),
    keepAlive: (id, limitMs) => {
      const sentMs = etcd.clock.mono();
      const said = (ttlS: number | null) => {
        if (ttlS !== null && ttlS > 0) etcd.confirms(id, sentMs, ttlS * second);
        return ttlS;
      };
      return call(
        limitMs,
        (now) => said(etcd.store.keepAlive(id, now)),
        () => said(etcd.store.leases.get(id)?.grantedS ?? 0) ?? 0,
      );
    },
    accepts: (limitMs) =>
      new Promise((resolve) => {
        const conversation = aConversation();
        const settle = (accepts: boolean) => {
          cancelLimit();
          resolve(accepts);
        };
        const cancelLimit = clock.timer(limitMs, () => settle(false));
        // The kernel of its host answers, however slow the process is.
        const answer = () => link.send('answers', conversation, () => client.run(() => settle(!member.down)));
        link.send('requests', conversation, answer);
      }),
    revoke: async (id, limitMs) => {
      await call(limitMs, () => {
        etcd.store.revoke(id);
        return true;
      });
    },
    close: () => {},
  };
}
