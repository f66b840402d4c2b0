/** No postgres without a guardian, no primary for long without its batond; and when nobody on a host could act. */
import { type Ms, second } from '../../src/core/units.ts';
import type { FakeServer } from './fake-server.ts';
import type { Violation } from './invariants.ts';
import type { Member } from './member.ts';

/** Orphan wait, its fast shutdown, and a margin. */
const unguardedMs: Ms = 18 * second;
/** A guardian that goes on fences at once what should not have; killing takes a moment. */
const catchUpMs: Ms = 1 * second;

export class Guarded {
  /** Since when each member's primary has had no batond that acts. */
  readonly #aloneSince = new Map<string, number>();
  /** Runs of servers that went on while nobody on their host acted. */
  readonly #unsupervisedUntilMs = new Map<string, number>();

  /** To be asked after every event. */
  look(member: Member, nowMs: number): Pick<Violation, 'invariant' | 'detail'> | null {
    const { name, running, host, guardian, batond } = member;
    const frozen = guardian?.process.stopped === true;
    if (running !== null && frozen && batond?.process.stopped === true)
      this.#unsupervisedUntilMs.set(running.runId, nowMs + catchUpMs);
    if (running?.phase !== 'primary' || host.paused || running.process.stopped) {
      this.#aloneSince.delete(name);
      return null;
    }
    if (member.livingGuardian() === null)
      return { invariant: 'guarded', detail: `${name}'s primary runs without a guardian` };
    if (frozen || (batond?.process.alive === true && !batond.process.stopped)) {
      this.#aloneSince.delete(name);
      return null;
    }
    const since = this.#aloneSince.get(name) ?? nowMs;
    this.#aloneSince.set(name, since);
    return nowMs - since > unguardedMs
      ? { invariant: 'orphan', detail: `${name}'s primary goes on ${unguardedMs} ms without its batond` }
      : null;
  }

  /**
   * Both daemons of its host stand still: in mode `off` nothing is left that could stop it, unless a successor reaches
   * it (docs/safety.md). What it acknowledges until they have caught up is not what was promised.
   */
  isUnsupervised({ runId }: FakeServer, nowMs: number): boolean {
    return nowMs <= (this.#unsupervisedUntilMs.get(runId) ?? Number.NEGATIVE_INFINITY);
  }
}
