/** What a transaction writes, for holding back the one that a scenario is about. */
import type { Txn } from '../../../src/core/transaction.ts';
import type { Member } from '../hosts/member.ts';
import type { Matches } from './interference.ts';

const valuePut = (txn: Txn, key: string): string | null => {
  const write = txn.writes.find((each) => each.op === 'put' && each.key === key);
  return write?.op === 'put' ? write.value : null;
};

export const puts =
  (key: string, value?: string): Matches =>
  (txn) => {
    const put = valuePut(txn, key);
    return put !== null && (value === undefined || put === value);
  };

export const putsSyncNaming =
  (standby: Member): Matches =>
  (txn) => {
    const put = valuePut(txn, 'sync');
    return put !== null && `${JSON.parse(put).sync_standby ?? ''}`.split(',').includes(standby.name);
  };

/** Leadership and claim in one. */
export const takesOver: Matches = (txn) => valuePut(txn, 'leader') !== null && valuePut(txn, 'sync') !== null;
