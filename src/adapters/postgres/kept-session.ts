/** A session that is kept between questions and opened anew by the next one after it broke. One question at a time. */
import type { Ms } from '../../core/units.ts';
import { after } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { bounded } from './bounded.ts';
import { SessionFailure } from './failure.ts';
import { openSession, type Session, type SessionTarget } from './session.ts';

export interface KeptSession {
  /** Lends the session, opened if need be, for one conversation within `limitMs`. Throws SessionFailure. */
  use<T>(limitMs: Ms, talk: (session: Session, leftMs: () => Ms) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Opens it ahead of the first question, in the background, unless it is open or somebody is talking. */
  warm(limitMs: Ms): void;
  /** Closes it; the next question opens another. */
  letGo(): Promise<void>;
}

const farewellMs: Ms = 200;

/** `onLost` is called when the kept session breaks without our doing. */
export function keepSession(clock: Clock, target: () => SessionTarget, onLost?: () => void): KeptSession {
  let kept: Session | null = null;
  let busy: Promise<unknown> = Promise.resolve();
  let talking = 0;

  async function opened(limitMs: Ms, signal?: AbortSignal): Promise<Session> {
    if (kept !== null && !kept.broken) return kept;
    const session = await openSession(clock, target(), limitMs, signal);
    kept = session;
    session.onEnd((byUs) => {
      if (kept !== session) return;
      kept = null;
      if (!byUs) onLost?.();
    });
    return session;
  }

  const self: KeptSession = {
    async use(limitMs, talk, signal) {
      const deadline = after(clock.mono(), limitMs);
      const leftMs = () => deadline - clock.mono();
      const turn = busy;
      const answer = (async () => {
        await bounded(clock, limitMs, signal, turn, () => undefined);
        const wasKept = kept !== null && !kept.broken;
        const session = await opened(leftMs(), signal);
        try {
          return await talk(session, leftMs);
        } catch (failure) {
          // A kept session may have died unnoticed: what a new one says is the evidence.
          const died = failure instanceof SessionFailure && failure.outcome === 'unreachable' && session.broken;
          if (!died || !wasKept || leftMs() <= 0) throw failure;
          return talk(await opened(leftMs(), signal), leftMs);
        }
      })();
      talking += 1;
      busy = Promise.allSettled([turn, answer]).finally(() => {
        talking -= 1;
      });
      return answer;
    },
    warm(limitMs) {
      if (talking > 0 || (kept !== null && !kept.broken)) return;
      void self.use(limitMs, async () => undefined).catch(() => undefined); // the first question will say it
    },
    async letGo() {
      const session = kept;
      kept = null;
      await session?.end(farewellMs);
    },
  };
  return self;
}
