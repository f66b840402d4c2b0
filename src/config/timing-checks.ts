/**
 * Inequalities between durations: each of them alone may be right and together they would make a cluster that fails
 * over by itself or fences too late.
 */
import { second } from '../core/units.ts';
import { type ConfigProblem, pathText } from './problem.ts';
import { durationText } from './quantity.ts';
import { failoverTimes } from './shared-policy.ts';
import type { Timing } from './shared-schema.ts';

/** The guardian looks at its deadline at least this often, and the worst fence measured took less than this. */
const guardianTickMs = 50;
const fenceMsMax = 250;

type Check = readonly [path: string, holds: boolean, problem: string, mend: string];

export function timingProblems(timing: Timing, prefix: readonly string[]): readonly ConfigProblem[] {
  const { lease, guardian, probe } = timing;
  const failover = { ...timing.failover, ...failoverTimes(timing.failover) };
  const atLeast = (value: number): string => `make it at least ${durationText(value)}`;
  const atMost = (value: number): string => `make it at most ${durationText(value)}`;
  const checks: readonly Check[] = [
    ['lease.ttl', lease.ttl % second === 0, 'is not whole seconds, and etcd counts in seconds', 'write it like 5s'],
    [
      'lease.heartbeat',
      lease.heartbeat < second,
      'is not below 1s: a living leader would look stale (evidence E3)',
      'make it 250ms',
    ],
    [
      'lease.heartbeat',
      lease.heartbeat * 3 <= lease.ttl,
      `leaves fewer than three renewals in lease.ttl (${durationText(lease.ttl)})`,
      atMost(Math.floor(lease.ttl / 3)),
    ],
    [
      'lease.margin',
      lease.margin > guardianTickMs + fenceMsMax,
      `is not longer than the guardian's tick (${guardianTickMs}ms) and a fence (${fenceMsMax}ms) together`,
      atLeast(guardianTickMs + fenceMsMax + 50),
    ],
    [
      'lease.margin',
      lease.margin + 3 * lease.heartbeat <= lease.ttl,
      `and three heartbeats do not fit into lease.ttl (${durationText(lease.ttl)})`,
      atMost(Math.max(lease.ttl - 3 * lease.heartbeat, 0)),
    ],
    [
      'guardian.silent',
      guardian.silent >= 2 * guardianTickMs + lease.margin,
      'is shorter than a healthy guardian may be busy with a fence',
      atLeast(2 * guardianTickMs + lease.margin),
    ],
    [
      'guardian.silent',
      guardian.silent < lease.ttl - lease.margin,
      'is not shorter than lease.ttl - lease.margin: the lease would be lost before anybody looked',
      `make it shorter than ${durationText(lease.ttl - lease.margin)}`,
    ],
    [
      'guardian.orphan',
      guardian.orphan >= lease.ttl,
      `is shorter than lease.ttl (${durationText(lease.ttl)}): a restart of batond would cost an outage`,
      atLeast(lease.ttl),
    ],
    [
      'probe.deadline',
      probe.deadline <= probe.interval,
      `is longer than probe.interval (${durationText(probe.interval)})`,
      atMost(probe.interval),
    ],
    [
      'probe.doubtInterval',
      probe.doubtInterval <= probe.interval,
      `is longer than probe.interval (${durationText(probe.interval)}): doubt must look more often`,
      atMost(probe.interval),
    ],
    [
      'probe.doubtDeadline',
      probe.doubtDeadline <= probe.deadline,
      `is longer than probe.deadline (${durationText(probe.deadline)})`,
      atMost(probe.deadline),
    ],
    [
      'probe.writeInterval',
      probe.writeInterval * 3 <= failover.streamSilenceMs,
      `leaves fewer than three writes in failover.streamSilence (${durationText(failover.streamSilenceMs)}): an idle leader would look silent`,
      atMost(Math.floor(failover.streamSilenceMs / 3)),
    ],
    [
      'failover.hang',
      failover.hangMs >= 2 * probe.doubtDeadline + probe.doubtInterval,
      'is too short for two failed probes in doubt',
      atLeast(2 * probe.doubtDeadline + probe.doubtInterval),
    ],
    [
      'failover.refusedConfirm',
      failover.refusedConfirm <= failover.streamSilenceMs,
      'is longer than failover.streamSilence',
      atMost(failover.streamSilenceMs),
    ],
    [
      'failover.failsafeWindow',
      failover.failsafeWindow >= 3 * probe.writeInterval,
      'is too short for three write probes: one late commit would fence the leader',
      atLeast(3 * probe.writeInterval),
    ],
    [
      'failover.coldStartWait',
      failover.coldStartWait >= lease.ttl,
      `is shorter than lease.ttl (${durationText(lease.ttl)}): an old leader could still hold its key`,
      atLeast(lease.ttl),
    ],
  ];
  return checks
    .filter(([, holds]) => !holds)
    .map(([path, , problem, mend]) => ({ path: pathText([...prefix, path]), problem, mend }));
}

/**
 * The lease must outlive an etcd election: measured, renewals stand still for up to 2.5 election timeouts. Known only
 * to the local file, which says how etcd is set up.
 */
export function electionProblems(lease: Timing['lease'], electionTimeoutMs: number): readonly ConfigProblem[] {
  const neededMs = 2.5 * electionTimeoutMs + lease.margin + lease.heartbeat;
  const ttlMinMs = Math.ceil(neededMs / second) * second;
  if (lease.ttl >= ttlMinMs) return [];
  return [
    {
      path: 'shared.lease.ttl',
      problem: `${durationText(lease.ttl)} does not outlive an etcd election: renewals may stand still for ${durationText(2.5 * electionTimeoutMs)} (2.5 x etcd.electionTimeout), and every change of etcd's leader would fence the primary`,
      mend: `make it at least ${durationText(ttlMinMs)} (2.5 x etcd.electionTimeout + margin + heartbeat, in whole seconds), or set etcd.electionTimeout to what etcd really runs with`,
    },
  ];
}
