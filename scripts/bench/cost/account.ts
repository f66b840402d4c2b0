/** What a quiet minute came to, and whether it is what was promised. */
import { MiB, minute, second } from '../../../src/core/units.ts';
import { aloneBytes, type Memory } from './proc-text.ts';
import type { KeyWrites } from './quiet-writes.ts';
import type { ProcessLook } from './process-look.ts';

export const targets = { aloneBytes: 130 * MiB, coreShare: 0.01, unaskedWrites: 0, logBytesPerHour: 10_000 } as const;

export type Part = 'batond' | 'guardian';

export interface MeasuredProcess {
  readonly part: Part;
  readonly memory: Memory;
  readonly before: ProcessLook;
  readonly after: ProcessLook;
}

export interface MeasuredMember {
  readonly name: string;
  readonly leads: boolean;
  readonly processes: readonly MeasuredProcess[];
  /** What its log grew by in the window. */
  readonly logBytes: number;
  readonly journalBytes: number;
}

export interface ProcessCost {
  readonly part: Part;
  readonly rssBytes: number;
  readonly pssBytes: number;
  readonly anonymousBytes: number;
  /** Of one core. */
  readonly coreShare: number;
  readonly wakesPerSecond: number;
}

export interface MemberCost {
  readonly name: string;
  readonly leads: boolean;
  readonly processes: readonly ProcessCost[];
  /** Of both processes on a host that runs no other Node. */
  readonly aloneBytes: number;
  readonly coreShare: number;
  readonly logBytesPerHour: number;
  readonly journalBytesPerHour: number;
}

export interface EtcdCost {
  /** Of all etcd members, by gRPC method, renewals of leases apart. */
  readonly requestsPerSecond: Readonly<Record<string, number>>;
  readonly renewalsPerSecond: number;
  readonly writesPerSecond: number;
  readonly written: readonly KeyWrites[];
  readonly unasked: readonly KeyWrites[];
  /** Of one core, each member of etcd. */
  readonly coreShares: readonly number[];
}

export interface Judged {
  readonly says: string;
  readonly kept: boolean;
}

export function memberCost(
  { name, leads, processes, logBytes, journalBytes }: MeasuredMember,
  windowMs: number,
): MemberCost {
  const costs = processes.map(processCost);
  const hours = windowMs / (60 * minute);
  return {
    name,
    leads,
    processes: costs,
    aloneBytes: aloneBytes(processes.map(({ memory }) => memory)),
    coreShare: costs.reduce((sum, { coreShare }) => sum + coreShare, 0),
    logBytesPerHour: Math.round(logBytes / hours),
    journalBytesPerHour: Math.round(journalBytes / hours),
  };
}

export const coreShareOf = (before: ProcessLook, after: ProcessLook): number =>
  (after.cpuMs - before.cpuMs) / (after.atMono - before.atMono);

function processCost({ part, memory, before, after }: MeasuredProcess): ProcessCost {
  return {
    part,
    rssBytes: memory.rss,
    pssBytes: memory.pss,
    anonymousBytes: memory.anonymous,
    coreShare: coreShareOf(before, after),
    wakesPerSecond: ((after.sleeps - before.sleeps) * second) / (after.atMono - before.atMono),
  };
}

/** One sentence for each promise; the worst member counts. */
export function judge(members: readonly MemberCost[], etcd: EtcdCost): readonly Judged[] {
  const worst = (of: (member: MemberCost) => number) => Math.max(...members.map(of));
  const [alone, share, log] = [worst((m) => m.aloneBytes), worst((m) => m.coreShare), worst((m) => m.logBytesPerHour)];
  const unasked = etcd.unasked.reduce((sum, { writes }) => sum + writes, 0);
  return [
    {
      says: `batond and guardian: ${Math.round(alone / MiB)} MiB, target <= ${targets.aloneBytes / MiB}`,
      kept: alone <= targets.aloneBytes,
    },
    {
      says: `idle: ${(share * 100).toFixed(2)} % of a core, target <= ${targets.coreShare * 100} %`,
      kept: share <= targets.coreShare,
    },
    {
      says: `etcd writes that nobody asked for: ${unasked}, target ${targets.unaskedWrites}`,
      kept: unasked <= targets.unaskedWrites,
    },
    {
      says: `log of a quiet hour: ${Math.round(log)} bytes, target <= ${targets.logBytesPerHour}`,
      kept: log <= targets.logBytesPerHour,
    },
  ];
}
