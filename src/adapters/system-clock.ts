/** This host's clocks and timers. Timers keep the process open: whoever waits for one is not finished. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type MonoMs, monoMs, type Ms, wallMs } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

/** The longest that setTimeout takes; longer durations are waited for in pieces. */
const timeoutMaxMs: Ms = 2 ** 31 - 1;

export function createSystemClock(): Clock & { close(): void } {
  const uptime = openSync('/proc/uptime', 'r');
  const buffer = Buffer.alloc(64);
  const mono = (): MonoMs => monoMs(Number(process.hrtime.bigint()) / 1e6);

  function timer(durationMs: Ms, action: () => void): () => void {
    const dueMono = mono() + durationMs;
    let pending: NodeJS.Timeout;
    const arm = () => {
      // setTimeout counts whole milliseconds and may fire up to one early: what is not due yet is waited for again.
      const leftMs = Math.min(Math.max(0, Math.ceil(dueMono - mono())), timeoutMaxMs);
      pending = setTimeout(() => (mono() >= dueMono ? action() : arm()), leftMs);
    };
    arm();
    return () => clearTimeout(pending);
  }

  return {
    mono,
    boot: () => {
      const length = readSync(uptime, buffer, 0, buffer.length, 0);
      return monoMs(Math.round(Number.parseFloat(buffer.toString('latin1', 0, length)) * 1_000));
    },
    wall: () => wallMs(Date.now()),
    timer,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = timer(durationMs, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    timeout: (limitMs) => {
      const controller = new AbortController();
      timer(limitMs, () => controller.abort(new DOMException(`nothing within ${limitMs} ms`, 'TimeoutError')));
      return controller.signal;
    },
    close: () => closeSync(uptime),
  };
}
