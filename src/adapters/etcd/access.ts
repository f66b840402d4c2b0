/** How to reach etcd, and the library's client for one endpoint. */
import { type Interceptor, InterceptingCall } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import { Etcd3, type IOptions } from 'etcd3';
import type { Ms } from '../../core/units.ts';

export interface EtcdAccess {
  /** `http://10.0.0.1:2379`, one per etcd member; all http or all https. */
  readonly endpoints: readonly string[];
  /** PEM contents, not file names. They are read once: a renewed certificate needs new clients. */
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly auth?: { readonly username: string; readonly password: string };
  /** What it calls itself to etcd. Clients of one process with the same one share a connection to each endpoint. */
  readonly userAgent?: string;
}

/** For the calls whose limit is not ours to give: the library's own authentication. */
const defaultLimitMs: Ms = 1_000;
const answerBytesMax = 64 * 1024 * 1024;

/**
 * The library is used as a gRPC stub: one client per endpoint, so that one member's trouble is nobody else's, and none of
 * its retries and circuit breakers (a retried transaction that was applied reports `refused`).
 */
export function openClient(access: EtcdAccess, endpoint: string): Etcd3 {
  const { tls, auth, userAgent } = access;
  const options: IOptions = {
    hosts: [endpoint],
    faultHandling: { host: () => noop, global: noop },
    grpcOptions: {
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      ...(userAgent !== undefined && { 'grpc.primary_user_agent': userAgent }),
      // Only to be rid of dead connections at last; faster pings would make a stock etcd close the connection.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.max_receive_message_length': answerBytesMax,
    },
    // A function: as an object the deadline would be an instant that soon lies in the past.
    defaultCallOptions: (call) => (call.isStream ? {} : { deadline: deadlineIn(defaultLimitMs) }),
    ...(tls && {
      credentials: {
        rootCertificate: tls.ca,
        ...(tls.key && { privateKey: tls.key }),
        ...(tls.cert && { certChain: tls.cert }),
      },
    }),
    ...(auth && {
      auth: {
        username: auth.username,
        password: auth.password,
        callOptions: () => ({ deadline: deadlineIn(defaultLimitMs) }),
      },
    }),
  };
  return new Etcd3(options);
}

/** gRPC wants an instant of the wall clock and turns it into a duration at once, so a later step of that clock is harmless. */
export const deadlineIn = (limitMs: Ms): number => Date.now() + limitMs;

/** Makes a member that has lost its leader say so at once, instead of keeping the call or a mute stream. */
export const hasLeader: Interceptor = (options, next) =>
  new InterceptingCall(next(options), {
    start(metadata, listener, begin) {
      metadata.set('hasleader', 'true');
      begin(metadata, listener);
    },
  });
