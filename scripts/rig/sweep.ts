import { rm } from 'node:fs/promises';
import { findProcesses, killAll, type Belonging } from './processes.ts';
import { removeDeadSharedMemory } from './shared-memory.ts';

const killLimitMs = 10_000;

/** Ends a rig: every process of it killed and seen gone, its directory and what it left in the kernel removed. May be repeated; throws what is left. */
export async function sweep(rig: Belonging, keepDirectory: boolean): Promise<void> {
  await killAll(rig, killLimitMs);
  if (!keepDirectory) await rm(rig.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  removeDeadSharedMemory();
  const left = findProcesses(rig);
  if (left.length > 0) throw new Error(`still running after the sweep: ${left.map(({ pid }) => pid).join(' ')}`);
}
