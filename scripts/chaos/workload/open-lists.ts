import type { Random } from '../../../test/sim/clock/random.ts';

/** A longer list would make appends and reads dear, and say no more. */
const itemsMax = 60;
const openAtOnce = 3;

/** The lists that are appended to now: few, so that clients meet in them; a full one gives way to a new one. */
export class OpenLists {
  readonly #open = Array.from({ length: openAtOnce }, (_, list) => ({ list, appends: 0 }));
  #next = openAtOnce;

  forAppend(random: Random): number {
    const chosen = random.pick(this.#open);
    const { list } = chosen;
    chosen.appends += 1;
    if (chosen.appends >= itemsMax) {
      Object.assign(chosen, { list: this.#next, appends: 0 });
      this.#next += 1;
    }
    return list;
  }

  forRead(random: Random): number {
    return random.pick(this.#open).list;
  }
}
