/**
 * Who tells people: the leader, and while nobody leads an observer, or else the first member by name. Where etcd is away nobody can be asked who
 * that is: then whoever it was last tells after a while, and the others of what they know themselves, one after the other.
 */
import { membersPrefix } from '../../core/key-format.ts';
import { elapsed, type MonoMs, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import { isObserver } from '../../wire/cluster-keys.ts';

/** An election of etcd is over long before that. */
const aloneAfterMs: Ms = 15 * second;

export class TellerPlace {
  readonly #member: string;
  readonly #clock: Pick<Clock, 'mono'>;
  #present: ReadonlySet<string> = new Set();
  /** Place among those that tell; null while this member is not registered. */
  #rank: number | null = null;
  #awaySinceMono: MonoMs | null = null;

  constructor(member: string, clock: Pick<Clock, 'mono'>) {
    this.#member = member;
    this.#clock = clock;
  }

  sawSnapshot({ entries }: Snapshot): void {
    const names: string[] = [];
    for (const key of entries.keys()) if (key.startsWith(membersPrefix)) names.push(key.slice(membersPrefix.length));
    names.sort();
    this.#present = new Set(names);
    // At a third site, which whatever took the leader away has probably not reached.
    const observer = () => names.find((name) => isObserver(entries.get(`${membersPrefix}${name}`)?.value ?? ''));
    const teller = entries.get('leader')?.value ?? observer() ?? names[0];
    const rank = [teller, ...names.filter((name) => name !== teller)].indexOf(this.#member);
    this.#rank = rank < 0 ? null : rank;
  }

  /** Since when etcd has not answered; null: it does. */
  etcdIsAway(sinceMono: MonoMs | null): void {
    this.#awaySinceMono = sinceMono;
  }

  isPresent(member: string): boolean {
    return this.#present.has(member);
  }

  get isFirst(): boolean {
    return this.#rank === 0;
  }

  /** Etcd has been away for so long that this member tells what it knows by itself. */
  get isAlone(): boolean {
    if (this.#awaySinceMono === null || this.#rank === null) return false;
    return elapsed(this.#awaySinceMono, this.#clock.mono()) >= aloneAfterMs * (this.#rank + 1);
  }

  get tells(): boolean {
    return this.isFirst || this.isAlone;
  }
}
