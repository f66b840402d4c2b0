/** What the members' keys told, which is known also when a key has gone with its lease. The maps are never changed in place: views hold them. */
import type { ClusterState, MemberAddress, MemberRecord } from '../core/cluster.ts';
import { predecessorOf } from '../core/cluster-queries.ts';
import type { CopyId, Lsn, MemberName } from '../core/units.ts';

export class KnownMembers {
  /** A peer whose lease ran out is still probed where it was. */
  addresses: ReadonlyMap<MemberName, MemberAddress> = new Map();
  /** The furthest position that each member's key told of its present copy. */
  toldLsn: ReadonlyMap<MemberName, Lsn> = new Map();
  readonly #toldOfCopy = new Map<MemberName, CopyId | null>();

  saw(state: ClusterState): void {
    for (const [name, key] of state.members) {
      // An observer's address is its API's: there is no PostgreSQL to probe.
      if (key.kind !== 'present' || key.value.role === 'observer') continue;
      this.#isAt(name, key.value);
      this.#told(name, key.value);
    }
    // Its own key may have gone before this daemon began.
    const predecessor = predecessorOf(state);
    if (predecessor?.address != null && !this.addresses.has(predecessor.member))
      this.#isAt(predecessor.member, predecessor.address);
  }

  #isAt(name: MemberName, { host, port, apiUrl }: MemberAddress): void {
    const known = this.addresses.get(name);
    if (known?.host === host && known.port === port && known.apiUrl === apiUrl) return;
    this.addresses = new Map(this.addresses).set(name, { host, port, apiUrl });
  }

  /** A copy never goes back: one that ended tells where its control file was last written, which is far behind its end. */
  #told(name: MemberName, { lsn, copyId }: MemberRecord): void {
    const known = this.toldLsn.get(name);
    if (lsn === null || known === lsn) return;
    const sameCopy = copyId !== null && this.#toldOfCopy.get(name) === copyId;
    this.#toldOfCopy.set(name, copyId);
    if (known === undefined || !sameCopy || lsn > known) this.toldLsn = new Map(this.toldLsn).set(name, lsn);
  }
}
