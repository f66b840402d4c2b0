/** The limits that say how long a doubt may last, as they are written down beside it. */
import type { SharedConfig } from '../cluster.ts';
import type { Ms } from '../units.ts';

export interface Limits {
  readonly leaseTtlMs: Ms;
  readonly leaseMarginMs: Ms;
  readonly hangMs: Ms;
  readonly streamSilenceMs: Ms;
  readonly refusedConfirmMs: Ms;
  readonly failsafeWindowMs: Ms;
}

export const limitsOf = ({ lease, failover }: SharedConfig): Limits => ({
  leaseTtlMs: lease.ttlMs,
  leaseMarginMs: lease.marginMs,
  hangMs: failover.hangMs,
  streamSilenceMs: failover.streamSilenceMs,
  refusedConfirmMs: failover.refusedConfirmMs,
  failsafeWindowMs: failover.failsafeWindowMs,
});
