/** What the kernel said about memory and disks. Each read of /dev/kmsg is one record. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Found } from '../core/sla/evidence/bundle.ts';
import { kernelLine, type KernelRecord, kernelRecord } from '../core/sla/evidence/kernel-text.ts';
import { KiB } from '../core/units.ts';
import type { Stretch } from '../ports/evidence.ts';
import { hasCode, isSystemError } from './system-error.ts';

const path = '/dev/kmsg';
const recordsMax = 20_000;
/** Read in one go, each a system call: batond has a lease to keep meanwhile. */
const recordsATurn = 250;

/** The kernel's records count the milliseconds since it began, as `nowMono` does. */
export async function kernelPart(
  stretch: Pick<Stretch, 'from' | 'to'>,
  nowWall: number,
  nowMono: number,
): Promise<Found> {
  const lines: string[] = [];
  let problem: string | null = null;
  let read = 0;
  try {
    for await (const record of records()) {
      read += 1;
      const line = kernelLine(record, stretch, nowWall - nowMono);
      if (line !== null) lines.push(line);
    }
    if (read >= recordsMax) problem = `only the oldest ${recordsMax} messages were read`;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    problem = hasCode(error, 'EPERM', 'EACCES')
      ? `this user may not read the kernel's messages (${error.code}): give batond CAP_SYSLOG, or set kernel.dmesg_restrict to 0`
      : error.message;
  }
  return { source: 'kernel', from: path, problem, lines };
}

async function* records(): AsyncGenerator<KernelRecord> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(8 * KiB);
    for (let count = 0; count < recordsMax; count += 1) {
      if (count % recordsATurn === recordsATurn - 1) await nextTurn();
      let bytes: number;
      try {
        bytes = readSync(file, buffer);
      } catch (error) {
        if (hasCode(error, 'EAGAIN')) return;
        if (hasCode(error, 'EPIPE')) continue; // overwritten meanwhile: the next read has the oldest that is left
        throw error;
      }
      const record = kernelRecord(buffer.toString('utf8', 0, bytes));
      if (record !== null) yield record;
    }
  } finally {
    closeSync(file);
  }
}
