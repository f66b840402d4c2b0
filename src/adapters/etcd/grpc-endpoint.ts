/** One etcd endpoint on gRPC. Every call has a deadline; streams are raw. */
import type { Etcd3, IDuplexStream, ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import type { LeaseId, Ms, Revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LeaseTtl } from '../../ports/coordinator.ts';
import { acceptsConnections } from './accepts.ts';
import { deadlineIn, type EtcdAccess, hasLeader, openClient } from './access.ts';
import { type EtcdEndpoint, EtcdFailure } from './endpoint.ts';
import { etcdFailure } from './failure.ts';
import { grpcWatch } from './grpc-watch.ts';
import { rangeRequest, readingOf, txnRequest } from './messages.ts';

/** gRPC ends a call at its deadline; the library's authentication, which comes before it, has none of ours. */
const graceMs: Ms = 50;

/** `prefix` ends in `/`. Opening does not connect; the first call does. */
export function openEndpoint(access: EtcdAccess, name: string, prefix: string, clock: Clock): EtcdEndpoint {
  const client = openClient(access, name);
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
    keepAlive: (leaseId, limitMs) => within(limitMs, () => keepAliveOnce(client, leaseId, limitMs)),
    revoke: (leaseId, limitMs) =>
      within(limitMs, async (options) => {
        await client.leaseClient.leaseRevoke({ ID: leaseId }, options);
      }),
    close: () => {
      closed = true;
      client.close();
    },
  };
}

/** A stream for one renewal: a stream that stays open can fall silent without an error. */
async function keepAliveOnce(client: Etcd3, leaseId: LeaseId, limitMs: Ms): Promise<number> {
  const stream: IDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse> =
    await client.leaseClient.leaseKeepAlive({
      deadline: deadlineIn(limitMs),
    });
  return new Promise((resolve, reject) => {
    stream.on('data', (answer) => {
      resolve(Number(answer.TTL));
      stream.end();
    });
    stream.on('error', reject);
    stream.on('end', () => reject(new EtcdFailure('ambiguous', 'the stream ended without an answer')));
    stream.write({ ID: leaseId });
  });
}
