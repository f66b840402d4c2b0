/** One look at a process of this machine. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpuTicksOf, type Memory, memoryOf, sleepsOf } from './proc-text.ts';

export interface ProcessLook {
  readonly atMono: number;
  /** Since it began. */
  readonly cpuMs: number;
  /** How often its threads have gone to sleep, which is how often it was woken. */
  readonly sleeps: number;
}

/** The kernel's, 100 nearly everywhere. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Throws when there is no such process. */
export function lookAtProcess(pid: number): ProcessLook {
  const threads = readdirSync(`/proc/${pid}/task`);
  return {
    atMono: performance.now(),
    cpuMs: (cpuTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) * 1000) / ticksPerSecond,
    sleeps: threads.reduce(
      (sum, thread) => sum + sleepsOf(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
      0,
    ),
  };
}

/** Of its owner or root only. */
export const memoryNow = (pid: number): Memory => memoryOf(readFileSync(`/proc/${pid}/smaps`, 'utf8'));
