/** The guardian's log: JSON lines on a descriptor, bounded, and never waited for (a dead disk must not stop a fence). */
import { ftruncate, write } from 'node:fs';
import { MiB, type Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

const linesPendingMax = 256;
const logBytesMax = 1 * MiB;

export interface LogFile {
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  /** Resolves when everything logged so far is written, or after the limit. */
  flushed(limitMs: Ms): Promise<void>;
}

/** The descriptor is open for appending. Lines that the disk does not take in time are dropped, and counted in the next. */
export function createLogFile(fd: number, clock: Clock): LogFile {
  const pending: string[] = [];
  let whenIdle = (): void => undefined;
  let writing = false;
  let dropped = 0;
  let writtenBytes = 0;
  const pump = () => {
    if (writing) return;
    if (pending.length === 0) return whenIdle();
    writing = true;
    const next = () => {
      writing = false;
      pump();
    };
    write(fd, pending.splice(0).join(''), (_error, bytes = 0) => {
      writtenBytes += bytes;
      if (writtenBytes <= logBytesMax) return next();
      writtenBytes = 0;
      ftruncate(fd, 0, next);
    });
  };
  return {
    log(event, details) {
      if (pending.length >= linesPendingMax) {
        dropped += 1;
        return;
      }
      const at = new Date(clock.wall()).toISOString();
      pending.push(
        `${JSON.stringify({ at, mono: Math.round(clock.mono()), event, ...details, ...(dropped > 0 && { dropped }) })}\n`,
      );
      dropped = 0;
      pump();
    },
    flushed: (limitMs) =>
      new Promise((resolve) => {
        const cancel = clock.timer(limitMs, resolve);
        whenIdle = () => {
          cancel();
          resolve();
        };
        pump();
      }),
  };
}
