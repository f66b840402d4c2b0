/** One member's way of calling the fake etcd: the interface that the gRPC adapter implements, over a fallible link. */
import {
  type Change,
  type EtcdEndpoint,
  EtcdFailure,
  type Watch,
  type WatchHandlers,
} from '../../src/adapters/etcd/endpoint.ts';
import { elapsed, type MonoMs, type Ms, type Revision } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { FakeEtcd } from './fake-etcd.ts';
import { aConversation, type FakeEtcdLink } from './fake-etcd-link.ts';

/** A watcher that has not asked for progress for so long belongs to a dead process. */
const forgottenAfterMs: Ms = 30_000;

export function fakeEndpoint(etcd: FakeEtcd, link: FakeEtcdLink, clock: Clock): EtcdEndpoint {
  /** What arrives for this process is handled when it is scheduled. */
  const atClient = (action: () => void) => () => void clock.timer(0, action);

  function call<T>(limitMs: Ms, handle: (now: MonoMs) => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const conversation = aConversation();
      const fail = (failure: EtcdFailure) => {
        cancelLimit();
        reject(failure);
      };
      const cancelLimit = clock.timer(limitMs, () => {
        reject(new EtcdFailure('ambiguous', `no answer within ${Math.round(limitMs)} ms`));
      });
      const answer = (action: () => void) => link.send('answers', conversation, atClient(action));
      link.send('requests', conversation, () =>
        etcd.decide(
          (now) => {
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
          },
          (failure) => answer(() => fail(failure)),
        ),
      );
    });
  }

  function watch(from: Revision, handlers: WatchHandlers): Watch {
    const conversation = aConversation();
    let cancelled = false;
    let askedMono = etcd.clock.mono();
    let forget: () => void = () => {};
    const tell = (action: () => void) =>
      link.send(
        'answers',
        conversation,
        atClient(() => {
          if (!cancelled) action();
        }),
      );
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
    link.send('requests', conversation, () => {
      if (etcd.state === 'down') return ended(() => handlers.ended({ kind: 'lost', problem: 'connection refused' }));
      tell(() => handlers.created());
      if (from <= etcd.store.compacted) return ended(() => handlers.ended({ kind: 'compacted' }));
      changed(etcd.store.history);
      forget = etcd.addWatcher({ changed, ended: (problem) => ended(() => handlers.ended({ kind: 'lost', problem })) });
    });
    return {
      askProgress: () =>
        link.send('requests', conversation, () => {
          askedMono = etcd.clock.mono();
          const { clusterId } = etcd.store;
          if (etcd.state !== 'down') tell(() => handlers.changed(clusterId, []));
        }),
      cancel: () => {
        cancelled = true;
        link.send('requests', conversation, () => forget());
      },
    };
  }

  return {
    name: 'fake etcd',
    read: (since, limitMs) => call(limitMs, () => etcd.store.read(since)),
    txn: (txn, since, limitMs) => call(limitMs, () => etcd.store.txn(txn, since)),
    watch,
    leaseTtl: (id, limitMs) => call(limitMs, (now) => etcd.store.leaseTtl(id, now)),
    grant: (id, ttlS, limitMs) => call(limitMs, (now) => etcd.store.grant(id, etcd.grantedS(ttlS), now)),
    keepAlive: (id, limitMs) => call(limitMs, (now) => etcd.store.keepAlive(id, now)),
    revoke: async (id, limitMs) => {
      await call(limitMs, () => {
        etcd.store.revoke(id);
        return true;
      });
    },
    close: () => {},
  };
}
