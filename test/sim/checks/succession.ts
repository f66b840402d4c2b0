/**
 * How the leader key passes from one member to another, seen from etcd's content and the hosts: that it says from whom it
 * was taken, and that in mode `off` nobody leads beside a server that may still acknowledge (I7).
 */
import type { Ms } from '../../../src/core/units.ts';
import type { Entry } from '../../../src/ports/coordinator.ts';
import type { Member } from '../hosts/member.ts';
import type { Violation } from './invariants.ts';
import type { Keys } from './key-rules.ts';

type Problem = Pick<Violation, 'invariant' | 'detail'>;

/** A key that vanished is believed one ttl later: of 5 s, which etcd's clock and a member's count alike but for this much. */
const waitedMs: Ms = 4_900;

export class Succession {
  #last: { readonly holder: string; readonly leader: Entry } | null = null;
  #vanishedMs: number | null = null;
  /** Who had claimed, as `sync` said when the key was looked at before. */
  #claimed: string | null = null;

  /** What was there before says nothing about what comes. */
  forget(): void {
    this.#last = null;
    this.#vanishedMs = null;
    this.#claimed = null;
  }

  /** To be asked whenever a key has changed. */
  look(
    { leader, sync, forced, predecessor, handOver }: Keys,
    members: readonly Member[],
    nowMs: number,
  ): Problem | null {
    const last = this.#last;
    const claimed = this.#claimed;
    this.#claimed = sync?.leader ?? null;
    if (leader === null) {
      this.#vanishedMs ??= nowMs;
      return null;
    }
    const vanishedMs = this.#vanishedMs;
    this.#vanishedMs = null;
    this.#last = { holder: leader.value, leader };
    if (last === null || last.holder === leader.value) return null;
    const handedOver = handOver?.modRevision === leader.modRevision;
    // A member that was handed the key and never claimed has led nobody.
    const led = claimed !== null && claimed !== leader.value;
    if (!handedOver && led && predecessor?.modRevision !== leader.modRevision)
      return { invariant: 'who led', detail: `${leader.value} took the key and does not say from ${claimed}` };
    if (sync?.mode !== 'off' || leader.value === forced) return null;
    const former = members.find(({ name }) => name === last.holder)?.running ?? null;
    const serves = former?.phase === 'primary' || former?.phase === 'stopping' || former?.phase === 'orphaned';
    const waited = vanishedMs !== null && nowMs - vanishedMs >= waitedMs;
    if (!serves || (waited && !handedOver)) return null;
    const how = handedOver ? 'was handed the key' : vanishedMs === null ? 'overwrote the key' : 'took a free key';
    return {
      invariant: 'I7 fenced or waited for',
      detail: `${leader.value} ${how} of ${last.holder}, whose postgres is ${former.phase}`,
    };
  }
}
