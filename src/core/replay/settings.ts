/** Recorded views under other limits: the same facts, and the policy that is to be tried. */
import type { SharedConfig } from '../cluster.ts';
import { withLeaseRunOut } from '../doubt/later.ts';
import { signShare } from '../doubt/signs.ts';
import { type Ms, second } from '../units.ts';
import type { PeerView, View } from '../view.ts';

/** What is to be tried; all else stays as it was in force at the time of each view. */
export interface Overrides {
  readonly lease?: Partial<Pick<SharedConfig['lease'], 'ttlMs' | 'marginMs'>>;
  readonly failover?: Partial<
    Pick<SharedConfig['failover'], 'hangMs' | 'streamSilenceMs' | 'refusedConfirmMs' | 'failsafeWindowMs'>
  >;
}

export const overridden = (policy: SharedConfig, { lease, failover }: Overrides): SharedConfig => ({
  ...policy,
  lease: { ...policy.lease, ...lease },
  failover: { ...policy.failover, ...failover },
});

/**
 * The view as it would have been decided on. A lease that is granted for another time shows as much more or less of it, and a
 * leader whose lease would have run out is without its key.
 */
export function underSettings(view: View, overrides: Overrides): View {
  const policy = overridden(view.policy, overrides);
  const ttlMs = overrides.lease?.ttlMs;
  if (ttlMs === undefined) return { ...view, policy };
  const { lease } = view.guardian;
  const peers = new Map([...view.peers].map(([name, peer]) => [name, granted(peer, ttlMs)] as const));
  const guardian = lease.kind === 'held' ? { ...view.guardian, lease: { ...lease, ttlMs } } : view.guardian;
  return withLeaseRunOut({ ...view, policy, guardian, peers });
}

function granted(peer: PeerView, ttlMs: Ms): PeerView {
  if (peer.lease === null) return peer;
  const grantedS = ttlMs / second;
  const remainingS = Math.max(0, peer.lease.remainingS + grantedS - peer.lease.grantedS);
  return { ...peer, lease: { ...peer.lease, grantedS, remainingS } };
}

/**
 * Of limits that are tried below what a journal shows: silences that were no sign of anything under the limits in force left
 * no line. One sentence for each.
 */
export function belowSamples(recorded: SharedConfig, overrides: Overrides): readonly string[] {
  const tried = overridden(recorded, overrides);
  const deadlineOf = ({ lease }: SharedConfig) => lease.ttlMs - lease.marginMs;
  const compared: readonly (readonly [what: string, tried: Ms, sampled: Ms])[] = [
    ['lease.ttl less lease.margin', deadlineOf(tried), signShare.lease * deadlineOf(recorded)],
    ['failover.streamSilence', tried.failover.streamSilenceMs, signShare.stream * recorded.failover.streamSilenceMs],
    ['failover.hang', tried.failover.hangMs, signShare.hang * recorded.failover.hangMs],
    [
      'failover.failsafeWindow',
      tried.failover.failsafeWindowMs,
      signShare.failsafe * recorded.failover.failsafeWindowMs,
    ],
  ];
  return compared
    .filter(([, triedMs, sampledMs]) => triedMs < sampledMs)
    .map(
      ([what, triedMs, sampledMs]) =>
        `${what} of ${triedMs} ms is below ${sampledMs} ms, from where on this journal has views: what lasted less left no line, so there may have been more failovers than are found.`,
    );
}
