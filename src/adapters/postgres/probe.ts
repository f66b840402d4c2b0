/** SELECT 1 on a fresh connection: whether somebody new is served. */
import { after, type Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ProbeAnswer } from '../../ports/postgres.ts';
import { SessionFailure } from './failure.ts';
import { openSession, type SessionTarget } from './session.ts';

/**
 * What PostgreSQL sends while it starts up or shuts down. It is alive, but serves nobody: a server that stays in crash
 * recovery must not count as good. Any other error of its own (too many clients, a wrong password) is a sign of life.
 */
const servesNobody = ['57P01', '57P02', '57P03'];

/**
 * Its own files fail it: no file may be written on a disk that became read-only (42501: it says so of a superuser's
 * session for no other reason), none can be read (58030), or one is gone (58P01).
 */
const filesFail = ['42501', '58030', '58P01'];

export async function probe(clock: Clock, target: SessionTarget, limitMs: Ms): Promise<ProbeAnswer> {
  const deadline = after(clock.mono(), limitMs);
  try {
    const session = await openSession(clock, target, limitMs);
    try {
      await session.run('SELECT 1', deadline - clock.mono());
    } finally {
      session.destroy();
    }
    return { outcome: 'ok', problem: null };
  } catch (failure) {
    if (!(failure instanceof SessionFailure)) throw failure;
    return { outcome: probeOutcome(failure), problem: failure.message };
  }
}

export function probeOutcome(failure: SessionFailure): ProbeAnswer['outcome'] {
  switch (failure.outcome) {
    case 'answered':
      return [...servesNobody, ...filesFail].includes(failure.sqlState ?? '') ? 'unreachable' : 'ok';
    case 'aborted':
      return 'unreachable';
    default:
      return failure.outcome;
  }
}
