/** Asks one endpoint, and the next ones too when it fails or is slow. For calls that do no harm when made twice. */
import type { MonoMs, Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { type EtcdEndpoint, EtcdFailure } from './endpoint.ts';

/** How long an endpoint may keep us waiting before the next is asked as well. A healthy one answers in 1-5 ms. */
const hedgeAfterMs: Ms = 100;

export type Hedged<T> =
  | { readonly ok: true; readonly value: T; readonly endpoint: EtcdEndpoint }
  /** `failures`: one line per endpoint. `decided` when etcd itself rejected the call. */
  | { readonly ok: false; readonly problem: string; readonly decided: EtcdFailure | null };

/**
 * The first success wins. A rejection by etcd ends it too: the others would say the same. Settles within `limitMs`
 * because every attempt is given what is left of it. Endpoints are asked in the order given.
 */
export function hedged<T>(
  clock: Clock,
  endpoints: readonly EtcdEndpoint[],
  limitMs: Ms,
  attempt: (endpoint: EtcdEndpoint, limitMs: Ms) => Promise<T>,
): Promise<Hedged<T>> {
  const deadline = (clock.mono() + limitMs) as MonoMs;
  return new Promise((resolve) => {
    const problems: string[] = [];
    let asked = 0;
    let settled = false;
    let cancelHedge: () => void = () => {};

    const settle = (result: Hedged<T>) => {
      if (settled) return;
      settled = true;
      cancelHedge();
      resolve(result);
    };
    const askNext = () => {
      cancelHedge();
      const endpoint = endpoints[asked];
      const leftMs = deadline - clock.mono();
      if (settled || endpoint === undefined || leftMs <= 0) return;
      asked += 1;
      cancelHedge = clock.timer(hedgeAfterMs, askNext);
      attempt(endpoint, leftMs).then(
        (value) => settle({ ok: true, value, endpoint }),
        (error: unknown) => {
          if (settled) return;
          problems.push(`${endpoint.name}: ${error instanceof Error ? error.message : String(error)}`);
          if (error instanceof EtcdFailure && error.fate === 'rejected') {
            settle({ ok: false, problem: problems.join('; '), decided: error });
          } else if (asked < endpoints.length && clock.mono() < deadline) askNext();
          else if (problems.length === asked) settle({ ok: false, problem: problems.join('; '), decided: null });
        },
      );
    };
    askNext();
    if (asked === 0) settle({ ok: false, problem: `no endpoint was asked within ${limitMs} ms`, decided: null });
  });
}
