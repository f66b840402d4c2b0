/** What a scenario does to the ports of a member, without any mistake: a transaction that arrives late. */
import type { Txn } from '../../../src/core/transaction.ts';
import type { TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Member } from '../hosts/member.ts';
import type { Mistakes } from '../world.ts';

export type Matches = (txn: Txn) => boolean;

/** `rejected`: etcd takes it no more; the lease that it puts a key on is gone. */
export type Landed = 'applied' | 'refused' | 'rejected';

export interface HeldTransaction {
  /** It was sent. Its sender may have given up since. */
  readonly underWay: boolean;
  /** It arrives at etcd, whatever has become of the link since. Says what etcd made of it. */
  release(): Landed;
}

class Hold implements HeldTransaction {
  readonly matches: Matches;
  readonly #land: (txn: Txn) => Landed;
  #txn: Txn | null = null;
  #answered: (landed: Landed) => void = () => {};

  constructor(matches: Matches, land: (txn: Txn) => Landed) {
    this.matches = matches;
    this.#land = land;
  }

  get underWay(): boolean {
    return this.#txn !== null;
  }

  /** Resolves when it is released, and never when it is not. */
  send(txn: Txn): Promise<Landed> {
    this.#txn = txn;
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  release(): Landed {
    if (this.#txn === null) throw new Error('nothing is under way');
    const landed = this.#land(this.#txn);
    this.#answered(landed);
    return landed;
  }
}

/** By member, so that worlds do not meet. */
const holds = new WeakMap<Member, Set<Hold>>();

export function holdTransaction(member: Member, matches: Matches, land: (txn: Txn) => Landed): HeldTransaction {
  const hold = new Hold(matches, land);
  holds.set(member, (holds.get(member) ?? new Set()).add(hold));
  return hold;
}

export const interference: Mistakes = {
  coordinator: (right, clock, member) => ({
    ...right,
    commit: (txn, limitMs) => {
      const ofMember = holds.get(member);
      const hold = [...(ofMember ?? [])].find((each) => each.matches(txn));
      if (hold === undefined) return right.commit(txn, limitMs);
      ofMember?.delete(hold);
      // What became of it is read afterwards, as after any answer that did not arrive.
      const unknown = (problem: string): TxnOutcome => ({ kind: 'unknown', problem });
      return Promise.race([
        hold.send(txn).then(() => unknown('the answer was lost')),
        clock.sleep(limitMs).then(() => unknown(`no answer within ${limitMs} ms`)),
      ]);
    },
  }),
};

/** Both: what one port does to the other's calls. */
export function together(inner: Mistakes, outer: Mistakes): Mistakes {
  const { coordinator, leases, postgres, processHost, peers } = outer;
  return {
    ...inner,
    ...outer,
    coordinator: (right, clock, member) => {
      const within = inner.coordinator?.(right, clock, member) ?? right;
      return coordinator?.(within, clock, member) ?? within;
    },
    leases: (right, clock) => {
      const within = inner.leases?.(right, clock) ?? right;
      return leases?.(within, clock) ?? within;
    },
    postgres: (right, member) => {
      const within = inner.postgres?.(right, member) ?? right;
      return postgres?.(within, member) ?? within;
    },
    processHost: (right) => {
      const within = inner.processHost?.(right) ?? right;
      return processHost?.(within) ?? within;
    },
    peers: (right) => {
      const within = inner.peers?.(right) ?? right;
      return peers?.(within) ?? within;
    },
  };
}
