/** When an observer asks for its lease and renews it. */
import { after, type MonoMs, type Ms } from '../../core/units.ts';
import type { OwnLease } from './observer-deps.ts';

/** Nothing is fenced by it: it need not be renewed as often as a leader's. */
const renewalsPerTtl = 5;

export function keepLease(own: OwnLease, ttlMs: Ms, nowMono: MonoMs): void {
  const { lease } = own;
  switch (lease.kind) {
    case 'granting':
      return;
    case 'none':
      if (nowMono >= lease.retryAtMono) own.grant(ttlMs);
      return;
    case 'gone':
      own.grant(ttlMs);
      return;
    case 'adopting':
    case 'held':
      if (lease.renewSentMono === null || nowMono >= after(lease.renewSentMono, ttlMs / renewalsPerTtl)) own.renew();
  }
}
