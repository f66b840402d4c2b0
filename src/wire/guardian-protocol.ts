/**
 * What batond and its guardian say to each other: one JSON object per line. Batond speaks first and offers the versions
 * it understands; the guardian answers with the one they use from then on. Each side understands the two newest, so
 * that a guardian outlives an upgrade of its batond. Monotonic instants mean the same in both: one host, one clock.
 */
import { z } from 'zod';
import { monoMs } from '../core/units.ts';
import { leaseField as lease, revisionField as term } from './fields.ts';

/** The versions this code understands, newest first; never more than two. */
export const protocolVersions: readonly number[] = [1];

/** The newest version that both sides understand; null when there is none. */
export const commonVersion = (offered: readonly number[]): number | null =>
  protocolVersions.find((version) => offered.includes(version)) ?? null;

const mono = z.number().nonnegative().transform(monoMs);
const duration = z.number().nonnegative();
const pid = z.int().positive();

const backing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('lease-only') }),
  // An older batond does not say that a proof is overdue: its guardian waits for the lease's deadline.
  z.object({ kind: z.literal('proved-commits'), sentMono: mono.nullable(), overdue: z.boolean().default(false) }),
  z.object({ kind: z.literal('nobody-eligible') }),
]);

const startCommand = z.object({
  binary: z.string().startsWith('/'),
  args: z.array(z.string()),
  dataDir: z.string().startsWith('/'),
  env: z.record(z.string(), z.string()),
});

const command = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('rules'),
    rules: z.object({
      ttlMs: duration.positive(),
      heartbeatMs: duration.positive(),
      marginMs: duration,
      orphanMs: duration,
      failsafeWindowMs: duration,
    }),
  }),
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('start'),
    as: z.enum(['primary', 'standby']),
    term: term.nullable(),
    command: startCommand,
  }),
  z.object({ type: z.literal('stop'), mode: z.enum(['fast', 'immediate']), limitMs: duration, reason: z.string() }),
  z.object({ type: z.literal('fence'), reason: z.string() }),
  z.object({ type: z.literal('lead'), term, backing }),
  z.object({ type: z.literal('follow') }),
]);

const batondHello = z.object({ type: z.literal('hello'), protocols: z.array(z.int()).min(1).max(16), pid });

const leaseView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('held'), leaseId: lease, ttlMs: duration, confirmedSentMono: mono }),
  z.object({ kind: z.literal('gone'), leaseId: lease }),
]);

const childExit = z.object({
  atMono: mono,
  code: z.int().nullable(),
  signal: z.string().nullable(),
  requested: z.boolean(),
});

const childView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unknown') }),
  z.object({ kind: z.literal('none'), lastExit: childExit.nullable() }),
  z.object({ kind: z.literal('running'), pid, startedMono: mono, startedAs: z.enum(['primary', 'standby']) }),
  z.object({ kind: z.literal('stopping'), pid, sinceMono: mono }),
  z.object({ kind: z.literal('exited'), exit: childExit }),
  z.object({ kind: z.literal('fencing'), sinceMono: mono, why: z.string().nullable().default(null) }),
]);

const report = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('status'),
    status: z.object({ lease: leaseView, child: childView, terminating: z.boolean() }),
  }),
  z.object({ type: z.literal('renewed'), sentMono: mono, ttlMs: duration }),
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('refused'),
    command: z.enum(['rules', 'alive', 'start', 'stop', 'fence', 'lead', 'follow']),
    problem: z.string(),
  }),
]);

const guardianHello = z.object({
  type: z.literal('hello'),
  protocol: z.int(),
  pid,
  /** Names this process beyond its pid: field 22 of /proc/PID/stat. */
  startTicks: z.int().nonnegative(),
  dataDir: z.string(),
});
const guardianRefusal = z.object({ type: z.literal('incompatible'), protocols: z.array(z.int()) });

export const toGuardian = z.union([batondHello, command]);
export const fromGuardian = z.union([guardianHello, guardianRefusal, report]);
export type GuardianHello = z.infer<typeof guardianHello>;
