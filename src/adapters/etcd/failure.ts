/** What an error of the library says about the fate of the request. Whatever is not known to be harmless is ambiguous. */
import {
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  GRPCFailedPreconditionError,
  GRPCInvalidArgumentError,
  GRPCNotImplementedError,
  GRPCUnauthenticatedError,
} from 'etcd3';
import { EtcdFailure } from './endpoint.ts';

/** Parts of messages with which gRPC or etcd says that nobody began to carry out the request. */
const notTaken = [
  'No connection established', // the connection was refused, reset or not trusted (TLS) before the call
  'Waiting for LB pick', // the deadline came while still connecting: a stopped member accepts TCP and says nothing
  'waiting for name resolution',
  'Name resolution failed',
  'Channel closed before call started',
  'etcdserver: no leader', // answered to `hasleader` before anything else is done
  'etcdserver: too many requests',
];

/** etcd decided, and would again. */
const rejected = ['mvcc: database space exceeded', 'etcdserver: request is too large', 'etcdserver: invalid user ID'];

export function etcdFailure(error: unknown): EtcdFailure {
  if (error instanceof EtcdFailure) return error;
  const message = readable(error);
  if (error instanceof EtcdLeaseInvalidError)
    return new EtcdFailure('rejected', 'the lease does not exist', 'lease-gone');
  if (message.includes('lease already exists')) {
    return new EtcdFailure('rejected', 'a lease of this id exists already', 'lease-exists');
  }
  if (notTaken.some((part) => message.includes(part))) return new EtcdFailure('not-taken', message);
  if (
    error instanceof EtcdPermissionDeniedError ||
    error instanceof EtcdAuthenticationFailedError ||
    error instanceof GRPCInvalidArgumentError ||
    error instanceof GRPCFailedPreconditionError ||
    error instanceof GRPCUnauthenticatedError ||
    error instanceof GRPCNotImplementedError ||
    rejected.some((part) => message.includes(part))
  ) {
    return new EtcdFailure('rejected', message);
  }
  return new EtcdFailure('ambiguous', message);
}

/** `14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED …` without gRPC's own words. */
function readable(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^\d+ [A-Z_]+: /, '')
    .replace('. Last error: Error:', ':')
    .replace(/\. Resolution note:.*$/s, '');
}
