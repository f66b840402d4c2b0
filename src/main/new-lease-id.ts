import { randomBytes } from 'node:crypto';
import { type LeaseId, leaseId } from '../core/units.ts';

/** 63 bits, never 0: etcd takes 0 for "choose one". */
export function newLeaseId(): LeaseId {
  const number = randomBytes(8).readBigUInt64BE() & 0x7fff_ffff_ffff_ffffn;
  return leaseId((number === 0n ? 1n : number).toString());
}
