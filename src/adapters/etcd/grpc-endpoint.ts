/** One etcd endpoint on gRPC. Every call has a deadline; streams are raw. */
import type { Ms, Revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LeaseTtl } from '../../ports/coordinator.ts';
import { acceptsConnections } from './accepts.ts';
import { deadlineIn, type EtcdAccess, hasLeader, openClient } from './access.ts';
import { type EtcdEndpoint, EtcdFailure } from './endpoint.ts';
import { etcdFailure } from './failure.ts';
import { grpcWatch } from './grpc-watch.ts';
import { rangeRequest, readingOf, txnRequest } from './messages.ts';
import { keepRenewals } from './renewals.ts';

/** gRPC ends a call at its deadline; the library's authentication, which comes before it, has none of ours. */
const graceMs: Ms = 50;

/** `prefix` ends in `/`. Opening does not connect; the first call does. */
export function openEndpoint(access: EtcdAccess, name: string, prefix: string, clock: Clock): EtcdEndpoint {
  const client = openClient(access, name);
  const renewals = keepRenewals(client, clock);
  let closed = false;

  /** Settles within the limit, and rejects with EtcdFailure only. */
  function within<T>(
    limitMs: Ms,
    call: (options: { deadline: number; interceptors: [typeof hasLeader] }) => Promise<T>,
  ): Promise<T> {
    if (closed) return Promise.reject(new EtcdFailure('not-taken', 'this client is closed'));
    return new Promise((resolve, reject) => {
      const cancelLimit = clock.timer(limitMs + graceMs, () => {
        reject(new EtcdFailure('ambiguous', `no answer within ${Math.ceil(limitMs)} ms`));
      });
      call({ deadline: deadlineIn(limitMs), interceptors: [hasLeader] })
        .then(resolve, (error: unknown) => reject(etcdFailure(error)))
        .finally(cancelLimit);
    });
  }

  return {
    name,
    read: (since, limitMs) =>
      within(limitMs, async (options) => {
        const range = await client.kv.range(rangeRequest(prefix, since), options);
        return readingOf(prefix, range.header, range, since);
      }),
    txn: (txn, since, limitMs) =>
      within(limitMs, async (options) => {
        const answer = await client.kv.txn(txnRequest(prefix, txn, since), options);
        const look = answer.responses.at(-1)?.response_range;
        if (!look) throw new EtcdFailure('ambiguous', 'etcd answered the transaction without the range asked for');
        const deleted = answer.succeeded
          ? txn.writes.filter((write) => write.op === 'delete').map((write) => write.key)
          : [];
        return { applied: answer.succeeded, reading: readingOf(prefix, answer.header, look, since, deleted) };
      }),
    accepts: (limitMs) => acceptsConnections(clock, name, limitMs),
    watch: (from: Revision, handlers) => grpcWatch(client, prefix, from, handlers),
    leaseTtl: (leaseId, limitMs) =>
      within(limitMs, async (options): Promise<LeaseTtl> => {
        const answer = await client.leaseClient.leaseTimeToLive({ ID: leaseId }, options);
        const remainingS = Number(answer.TTL);
        if (remainingS < 0) return { kind: 'gone' };
        return { kind: 'alive', remainingS, grantedS: Number(answer.grantedTTL) };
      }),
    grant: (leaseId, ttlS, limitMs) =>
      within(limitMs, async (options) =>
        Number((await client.leaseClient.leaseGrant({ ID: leaseId, TTL: ttlS }, options)).TTL),
      ),
    keepAlive: (leaseId, limitMs) => within(limitMs, () => renewals.renew(leaseId, limitMs)),
    revoke: (leaseId, limitMs) =>
      within(limitMs, async (options) => {
        await client.leaseClient.leaseRevoke({ ID: leaseId }, options);
      }),
    close: () => {
      closed = true;
      renewals.close();
      client.close();
    },
  };
}
