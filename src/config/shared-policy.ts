/** The shared section in the core's words, with the profile's defaults filled in. */
import type { SharedConfig } from '../core/cluster.ts';
import { second } from '../core/units.ts';
import type { Shared, Timing } from './shared-schema.ts';

/** What `profile: calm` makes of a doubt that the file does not set itself. */
const calmFactor = 24;
const hangMsDefault = 1_500;
const streamSilenceMsDefault = second;

/** A value in the file stands as it is; the profile only moves defaults. */
export function failoverTimes(failover: Timing['failover']): {
  readonly hangMs: number;
  readonly streamSilenceMs: number;
} {
  const factor = failover.profile === 'calm' ? calmFactor : 1;
  return {
    hangMs: failover.hang ?? hangMsDefault * factor,
    streamSilenceMs: failover.streamSilence ?? streamSilenceMsDefault * factor,
  };
}

/** The part that decisions need. */
export function sharedPolicy(shared: Pick<Shared, keyof Timing | 'synchronous' | 'fence'>): SharedConfig {
  const { lease, guardian, probe, failover } = shared;
  return {
    lease: { ttlMs: lease.ttl, heartbeatMs: lease.heartbeat, marginMs: lease.margin },
    guardian: { orphanMs: guardian.orphan, silentMs: guardian.silent },
    probe: {
      intervalMs: probe.interval,
      deadlineMs: probe.deadline,
      doubtIntervalMs: probe.doubtInterval,
      doubtDeadlineMs: probe.doubtDeadline,
      writeIntervalMs: probe.writeInterval,
    },
    failover: {
      ...failoverTimes(failover),
      refusedConfirmMs: failover.refusedConfirm,
      failsafeWindowMs: failover.failsafeWindow,
      coldStartWaitMs: failover.coldStartWait,
      crashBudget: failover.crashBudget,
      cooldown: failover.cooldown,
      maxLagBytes: failover.maxLag,
    },
    synchronous: { mode: shared.synchronous.mode },
    fence: { remote: shared.fence.remote },
  };
}
