/** The LeaseStore port on etcd endpoints: grants and revokes that may be repeated, and renewals sent to every endpoint. */
import { err, ok } from '../../core/result.ts';
import { after, type MonoMs, type Ms, monoMs, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LeaseStore } from '../../ports/coordinator.ts';
import { type EtcdEndpoint, EtcdFailure } from './endpoint.ts';
import { hedged } from './hedge.ts';

/** An endpoint that missed so many renewals in a row is asked only every `probeEveryMs`. */
const missesUntilProbed = 8;
const probeEveryMs: Ms = 1_000;

interface Health {
  misses: number;
  askedMono: MonoMs;
}

export function leaseStoreOver(endpoints: readonly EtcdEndpoint[], clock: Clock): LeaseStore {
  const healthOf = new Map<EtcdEndpoint, Health>(
    endpoints.map((endpoint) => [endpoint, { misses: 0, askedMono: monoMs(Number.NEGATIVE_INFINITY) }]),
  );
  const majority = Math.floor(endpoints.length / 2) + 1;

  /** The granted ttl is etcd's: never shorter than 1.5 election timeouts, in whole seconds. */
  const grant: LeaseStore['grant'] = async (leaseId, ttlMs, limitMs) => {
    const result = await hedged(clock, endpoints, limitMs, async (endpoint, leftMs) => {
      const deadlineMono = after(clock.mono(), leftMs);
      try {
        return await endpoint.grant(leaseId, Math.ceil(ttlMs / second), leftMs);
      } catch (error) {
        if (!(error instanceof EtcdFailure) || error.code !== 'lease-exists') throw error;
      }
      const ttl = await endpoint.leaseTtl(leaseId, Math.max(1, deadlineMono - clock.mono()));
      if (ttl.kind === 'gone') throw new EtcdFailure('rejected', `lease ${leaseId} existed and has just expired`);
      return ttl.grantedS;
    });
    return result.ok ? ok(result.value * second) : err(`lease ${leaseId} was not granted: ${result.problem}`);
  };

  /**
   * A deposed etcd leader may not know a lease that lives, until it notices: so `gone` is believed when a majority of the
   * endpoints says it, or when every endpoint has answered or failed and none renewed it.
   */
  const renew: LeaseStore['renew'] = (leaseId, limitMs, on) => {
    const sentMono = clock.mono();
    const asked = endpoints.filter((endpoint) => {
      const health = healthOf.get(endpoint);
      return !health || health.misses < missesUntilProbed || sentMono - health.askedMono >= probeEveryMs;
    });
    let open = asked.length;
    let saidGone = 0;
    let renewed = false;
    let reported = false;
    const settled = () => {
      open -= 1;
      if (reported || saidGone === 0) return;
      if (saidGone < majority && (open > 0 || renewed)) return;
      reported = true;
      on.gone();
    };
    for (const endpoint of asked) {
      const health = healthOf.get(endpoint) ?? { misses: 0, askedMono: sentMono };
      health.askedMono = sentMono;
      endpoint.keepAlive(leaseId, limitMs).then(
        (ttlS) => {
          health.misses = 0;
          if (ttlS > 0) {
            renewed = true;
            on.renewed(sentMono, ttlS * second);
          } else saidGone += 1;
          settled();
        },
        () => {
          health.misses += 1;
          settled();
        },
      );
    }
  };

  const revoke: LeaseStore['revoke'] = async (leaseId, limitMs) => {
    const result = await hedged(clock, endpoints, limitMs, (endpoint, leftMs) => endpoint.revoke(leaseId, leftMs));
    if (result.ok || result.decided?.code === 'lease-gone') return ok(undefined);
    return err(`lease ${leaseId} may live on until it expires: ${result.problem}`);
  };

  return { grant, renew, revoke };
}
