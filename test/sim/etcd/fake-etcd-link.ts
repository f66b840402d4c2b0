/**
 * The way between one member and etcd. What is sent while a leg is cut is held, as TCP would: when the leg heals, each
 * conversation either goes on with all that was held (so that a request may be carried out long after its sender gave
 * up) or is dead, as the seed says.
 */
import type { Ms } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../clock/random.ts';

export type Leg = 'requests' | 'answers';

/** One call or stream: its messages keep their order, and are lost all together or not at all. */
export interface Conversation {
  dead: boolean;
  /** When the newest message of each leg arrives. */
  readonly arrival: { requests: number; answers: number };
}

export const aConversation = (): Conversation => ({ dead: false, arrival: { requests: 0, answers: 0 } });

interface Held {
  readonly conversation: Conversation;
  readonly deliver: () => void;
}

/** What makes every message of a link late or lose it; a connection sends the lost again after a while. */
export interface LinkTrouble {
  readonly slowMs: Ms;
  readonly jitterMs: Ms;
  readonly lossShare: number;
}

const noTrouble: LinkTrouble = { slowMs: 0, jitterMs: 0, lossShare: 0 };
const noDelay = { lateMs: 0, share: 0 } as const;
/** TCP's first retransmissions. */
const resendMs = { min: 200, max: 600 } as const;

export class FakeEtcdLink {
  /** A firewall resets whoever connects. What was under way is dead. */
  refuses = false;
  trouble: LinkTrouble = noTrouble;
  /** This share of the transactions is carried out so much later, and nobody hears of it. */
  transactions: { readonly lateMs: Ms; readonly share: number } = noDelay;
  readonly #cut = new Set<Leg>();
  #held: Record<Leg, Held[]> = { requests: [], answers: [] };
  readonly #world: Clock;
  readonly #random: Random;

  constructor(world: Clock, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** What is sent arrives, and soon. */
  get whole(): boolean {
    return !this.refuses && this.#cut.size === 0 && this.trouble === noTrouble && this.transactions === noDelay;
  }

  cut(leg: Leg): void {
    this.#cut.add(leg);
  }

  heals(): void {
    this.refuses = false;
    this.trouble = noTrouble;
    this.transactions = noDelay;
    this.heal('requests');
    this.heal('answers');
  }

  heal(leg: Leg): void {
    if (!this.#cut.delete(leg)) return;
    const held = this.#held[leg];
    this.#held[leg] = [];
    const decided = new Set<Conversation>();
    for (const { conversation, deliver } of held) {
      if (!decided.has(conversation)) {
        decided.add(conversation);
        if (this.#random.chance(0.5)) conversation.dead = true;
      }
      this.send(leg, conversation, deliver);
    }
  }

  /** `extraMs`: how much longer the sender takes than usual. */
  send(leg: Leg, conversation: Conversation, deliver: () => void, extraMs: Ms = 0): void {
    if (this.refuses) conversation.dead = true;
    if (conversation.dead) return;
    if (this.#cut.has(leg)) {
      this.#held[leg].push({ conversation, deliver });
      return;
    }
    const now = this.#world.mono();
    const at = Math.max(now + this.#delay() + extraMs, conversation.arrival[leg]);
    conversation.arrival[leg] = at;
    this.#world.timer(at - now, () => {
      if (this.#cut.has(leg)) this.#held[leg].push({ conversation, deliver });
      else if (!conversation.dead) deliver();
    });
  }

  /** Mostly a fraction of a millisecond; now and then what a busy disk makes of it. */
  #delay(): Ms {
    const { slowMs, jitterMs, lossShare } = this.trouble;
    const lateMs =
      lossShare > 0 && this.#random.chance(lossShare) ? this.#random.between(resendMs.min, resendMs.max) : 0;
    return slowMs + lateMs + (jitterMs > 0 ? this.#random.between(0, jitterMs) : 0) + this.#usualMs();
  }

  #usualMs(): Ms {
    return this.#random.chance(0.02) ? this.#random.between(2, 30) : this.#random.between(0.2, 1);
  }
}
