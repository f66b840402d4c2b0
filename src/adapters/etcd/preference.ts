/** Which endpoint to ask first: the one that answered last, so that a stopped member costs its delay once. */
import { type MonoMs, type Ms, monoMs } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EtcdEndpoint } from './endpoint.ts';

/** A watch that lives is heard every 500 ms. */
const staleMs: Ms = 700;

export interface Preference {
  /** Something arrived from this endpoint. */
  answered(endpoint: EtcdEndpoint): void;
  /** It answered a call, and faster than the others that were asked. */
  prefer(endpoint: EtcdEndpoint): void;
  /** All of them, best first. */
  order(): readonly EtcdEndpoint[];
}

export function createPreference(endpoints: readonly EtcdEndpoint[], clock: Clock): Preference {
  const heardMono = new Map<EtcdEndpoint, MonoMs>();
  let preferred = endpoints[0];
  const heard = (endpoint: EtcdEndpoint | undefined) =>
    (endpoint && heardMono.get(endpoint)) ?? monoMs(Number.NEGATIVE_INFINITY);
  return {
    answered: (endpoint) => {
      heardMono.set(endpoint, clock.mono());
    },
    prefer: (endpoint) => {
      heardMono.set(endpoint, clock.mono());
      preferred = endpoint;
    },
    order: () => {
      const newestFirst = endpoints.toSorted((one, other) => compare(heard(other), heard(one)));
      const newest = heard(newestFirst[0]);
      if (preferred === undefined || newest - heard(preferred) > staleMs) return newestFirst;
      return [preferred, ...newestFirst.filter((endpoint) => endpoint !== preferred)];
    },
  };
}

const compare = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0);
