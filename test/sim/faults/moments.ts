/**
 * Moments at which a fault is worth more than at any other: somebody is in the middle of something. A fault may wait for
 * the next one of its kind, whoever's it is, so that several strike one moment, and in the order in which it hurts.
 */
import type { Rule } from '../../../src/core/rules.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';

/** By what a daemon is seen to act; each is a step of something that has another step after it. */
const rulesOf = {
  'doubts the leader': ['lead-blind', 'follow-blind', 'await-leader', 'stand-down', 'fence-remote-first'],
  'nobody leads': ['yield-campaign', 'await-old-deadline', 'cold-start-wait', 'await-leader'],
  'takes the key': ['campaign', 'take-over', 'forced-take-over', 'claim', 'claim-again'],
  'is to be promoted': ['promote', 'start-to-promote', 'await-replay'],
  'was promoted': ['prove-before-admission', 'admit-clients', 'write-history', 'checkpoint-promoted', 'furnish'],
  'starts again': ['restart-in-place', 'claim-to-restart', 'switchover-roll-back', 'hand-over-dead-postgres'],
  'was fenced': ['fence-not-leader', 'fenced-by-guardian', 'fence-deadline', 'await-fence'],
  'comes back': ['rejoin', 'clone', 'start-standby', 'restart-standby', 'await-sync-removal', 'follow-new-leader'],
  'loses a standby': ['sync-remove-lost', 'sync-confirm', 'wait-for-fewer', 'lead-exposed', 'mode-empty-sync'],
  'gets a standby': ['sync-add-wait', 'sync-add-prove', 'sync-add'],
  'hands over': ['switchover-checkpoint', 'switchover-stop', 'switchover-hand-over', 'stop-for-shutdown'],
} as const satisfies Record<string, readonly Rule[]>;

export type Moment = keyof typeof rulesOf;
export const moments = Object.keys(rulesOf) as readonly Moment[];

interface Awaited {
  readonly moment: Moment;
  readonly begin: (actor: Member) => void;
}

/** Who waits for what. To be asked after every event; it costs nothing while nobody waits. */
export class Moments {
  readonly #world: World;
  #awaited: Awaited[] = [];
  readonly #rules = new Map<string, Rule | null>();

  constructor(world: World) {
    this.#world = world;
  }

  /** `begin` is called `afterMs` after the next moment of this kind, if there is one before `untilMono`. */
  next(moment: Moment, afterMs: Ms, untilMono: number, begin: (actor: Member) => void): void {
    const { clock, members } = this.#world;
    if (this.#awaited.length === 0) for (const member of members) this.#rules.set(member.name, ruleOf(member));
    this.#awaited.push({
      moment,
      begin: (actor) => {
        if (clock.mono() + afterMs < untilMono) clock.timer(afterMs, () => begin(actor));
      },
    });
  }

  look(): void {
    if (this.#awaited.length === 0) return;
    for (const member of this.#world.members) {
      const rule = ruleOf(member);
      if (rule === this.#rules.get(member.name)) continue;
      this.#rules.set(member.name, rule);
      if (rule !== null) this.#came(rule, member);
    }
  }

  #came(rule: Rule, actor: Member): void {
    const isIt = ({ moment }: Awaited) => (rulesOf[moment] as readonly Rule[]).includes(rule);
    const met = this.#awaited.filter(isIt);
    if (met.length === 0) return;
    this.#awaited = this.#awaited.filter((each) => !isIt(each));
    for (const { begin } of met) begin(actor);
  }
}

const ruleOf = ({ batond }: Member): Rule | null =>
  batond?.process.alive === true ? (batond.face.latest()?.decision.rule ?? null) : null;
