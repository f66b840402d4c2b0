/** No primary without a guardian, and none for long without a batond; and which of them nobody on the host could stop. */
import type { Ms } from '../../../src/core/units.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { Member } from '../hosts/member.ts';

/** Orphan wait, its fast shutdown, and a margin. */
const unguardedMs: Ms = 18_000;
/** A guardian that goes on fences at once what should not have; killing takes a moment. */
const catchUpMs: Ms = 1_000;

export class Guarding {
  /** Since when each member's primary has had no batond that acts. */
  readonly #aloneSince = new Map<string, number>();
  /** Runs of servers that went on while nobody on their host acted. */
  readonly #unsupervisedUntilMs = new Map<string, number>();

  /** What is wrong on this member's host; null when nothing is. */
  look(member: Member, nowMs: number): { readonly invariant: string; readonly detail: string } | null {
    this.#noteUnsupervised(member, nowMs);
    const { running, host, name } = member;
    if (running?.phase !== 'primary' || host.paused || running.process.stopped) {
      this.#notAlone(name);
      return null;
    }
    if (member.livingGuardian() === null)
      return { invariant: 'guarded', detail: `${name}'s primary runs without a guardian` };
    const acts = member.batond?.process.alive === true && !member.batond.process.stopped;
    const frozen = member.guardian?.process.stopped === true;
    if (acts || frozen) {
      this.#notAlone(name);
      return null;
    }
    const since = this.#aloneSince.get(name) ?? nowMs;
    this.#aloneSince.set(name, since);
    if (nowMs - since <= unguardedMs) return null;
    return { invariant: 'orphan', detail: `${name}'s primary goes on ${unguardedMs} ms without its batond` };
  }

  /**
   * Both daemons of its host stand still, or the host with them, or they did a moment ago: in mode `off` nothing is left that could stop its postgres,
   * unless a successor reaches it (docs/safety.md). What it acknowledges until they have caught up is not what was promised.
   */
  stoodStill({ runId }: FakeServer, nowMs: number): boolean {
    return nowMs <= (this.#unsupervisedUntilMs.get(runId) ?? Number.NEGATIVE_INFINITY);
  }

  /** Asked after every event, and hardly ever is anybody alone. */
  #notAlone(name: string): void {
    if (this.#aloneSince.size > 0) this.#aloneSince.delete(name);
  }

  #noteUnsupervised({ guardian, batond, running, host }: Member, nowMs: number): void {
    const bothStopped = guardian?.process.stopped === true && batond?.process.stopped === true;
    if (running !== null && (bothStopped || host.paused))
      this.#unsupervisedUntilMs.set(running.runId, nowMs + catchUpMs);
  }
}
