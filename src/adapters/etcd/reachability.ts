/**
 * Whether this host reaches etcd, however slow etcd is and whether or not it has a leader: what arrives from its members,
 * and, while they answer nothing, whether their hosts take connections. An etcd that waits for its disk says nothing at
 * all for seconds, not even on a watch, and nobody is cut off from it (ADR 31).
 */
import type { MonoMs, Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EtcdEndpoint } from './endpoint.ts';

const askEveryMs: Ms = 400;

export interface Reachability {
  /** Something arrived from this endpoint. */
  heard(endpoint: EtcdEndpoint): void;
  /** Etcd does not answer: its hosts are asked until it does. */
  doubt(): void;
  calm(): void;
  /**
   * When each of a majority was last reached; null before that. Whoever reaches a majority is not cut off from etcd: every
   * quorum has one of those members.
   */
  byMajorityMono(): MonoMs | null;
}

export function createReachability(endpoints: readonly EtcdEndpoint[], clock: Clock): Reachability {
  const reachedMono = new Map<EtcdEndpoint, MonoMs>();
  let cancelAsking: (() => void) | null = null;

  const reached = (endpoint: EtcdEndpoint, atMono: MonoMs) => {
    const before = reachedMono.get(endpoint);
    if (before === undefined || before < atMono) reachedMono.set(endpoint, atMono);
  };
  const ask = () => {
    cancelAsking = clock.timer(askEveryMs, ask);
    const sentMono = clock.mono();
    for (const endpoint of endpoints)
      void endpoint.accepts(askEveryMs).then((accepts) => {
        if (accepts) reached(endpoint, sentMono);
      });
  };
  return {
    heard: (endpoint) => reached(endpoint, clock.mono()),
    doubt: () => {
      if (cancelAsking === null) ask();
    },
    calm: () => {
      cancelAsking?.();
      cancelAsking = null;
    },
    byMajorityMono: () => {
      const newestFirst = [...reachedMono.values()].toSorted((one, other) => other - one);
      return newestFirst[Math.floor(endpoints.length / 2)] ?? null;
    },
  };
}
