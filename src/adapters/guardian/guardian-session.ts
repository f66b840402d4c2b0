/** One connection to a guardian for as long as it answers: life is shown to it, and its own is watched. */
import { elapsed, type Ms } from '../../core/units.ts';
import type { GuardianReport } from '../../ports/batond-link.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GuardianHello } from '../../wire/guardian-protocol.ts';
import { connectGuardian, type GuardianConnection } from './guardian-connection.ts';

export interface SessionOptions {
  readonly clock: Clock;
  readonly path: string;
  readonly helloLimitMs: Ms;
  readonly silentMs: Ms;
}

export interface SessionEvents {
  /** The guardian has introduced itself and may be told things. */
  opened(connection: GuardianConnection, hello: GuardianHello): void;
  reported(report: GuardianReport): void;
}

export interface SessionEnd {
  /** `silent`: it had its time to answer and did not. `detached`: the signal aborted. */
  readonly kind: 'closed' | 'silent' | 'detached';
  readonly opened: boolean;
  readonly problem: string;
}

const aliveEveryMs: Ms = 1_000;
/** A watch that fires so late shows a stall of batond itself, which proves nothing of the guardian. */
const ownStallMs: Ms = 500;

export async function holdSession(
  options: SessionOptions,
  events: SessionEvents,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { clock, silentMs, helloLimitMs } = options;
  const ended = Promise.withResolvers<SessionEnd>();
  const watchEveryMs = Math.min(250, silentMs / 8);
  let opened = false;
  let heardMono = clock.mono();
  let watchedMono = heardMono;
  let aliveMono = heardMono;
  let cancelWatch = (): void => undefined;

  const connection = connectGuardian(options.path, {
    opened(hello) {
      opened = true;
      heardMono = clock.mono();
      events.opened(connection, hello);
    },
    reported(report) {
      heardMono = clock.mono();
      events.reported(report);
    },
    closed: (problem) => ended.resolve({ kind: 'closed', opened, problem }),
  });
  const watch = () => {
    const nowMono = clock.mono();
    if (elapsed(watchedMono, nowMono) >= watchEveryMs + ownStallMs) heardMono = nowMono;
    watchedMono = nowMono;
    const silenceMs = elapsed(heardMono, nowMono);
    if (silenceMs >= (opened ? silentMs : helloLimitMs)) {
      ended.resolve({ kind: 'silent', opened, problem: `it has not answered for ${Math.round(silenceMs)} ms` });
      return;
    }
    if (opened && elapsed(aliveMono, nowMono) >= Math.min(aliveEveryMs, silentMs / 3)) {
      aliveMono = nowMono;
      connection.send({ type: 'alive' });
    }
    cancelWatch = clock.timer(watchEveryMs, watch);
  };
  cancelWatch = clock.timer(watchEveryMs, watch);
  const onAbort = () => ended.resolve({ kind: 'detached', opened, problem: 'batond detaches' });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  const end = await ended.promise;
  cancelWatch();
  signal.removeEventListener('abort', onAbort);
  connection.close();
  return end;
}
