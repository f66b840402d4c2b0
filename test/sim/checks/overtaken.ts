/**
 * A primary that has no business any more is fenced, where its own daemons could have done it: one that was promoted by
 * hand without a claim (I8), and an old one that neither etcd nor a standby confirms (I6). Until then clients read there
 * what is not so any more.
 */
import { type Ms, second } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { SyncContent, Violation } from './invariants.ts';
import type { Confirmed } from './lease-deadline.ts';

export interface Standing {
  readonly sync: SyncContent | null;
  readonly reachesEtcd: boolean;
  readonly confirmed: Confirmed | null;
}

/** It is seen, decided and done well within this. */
const byHandMs: Ms = 5 * second;
/** The longest failover.failsafeWindow that the simulation sets, what a guardian needs to be told, and a margin. */
const unprovedMs: Ms = 5 * second;

export class Overtaken {
  /** Since when each member's daemons have been able to end what should not be. */
  readonly #sinceMs = new Map<string, number>();

  /** To be asked after every event. */
  look(member: Member, standing: () => Standing, nowMs: number): Pick<Violation, 'invariant' | 'detail'> | null {
    const { name, running } = member;
    if (running?.phase !== 'primary' || !acts(member)) {
      this.#sinceMs.delete(name);
      return null;
    }
    const since = this.#sinceMs.get(name) ?? nowMs;
    this.#sinceMs.set(name, since);
    if (nowMs - since <= byHandMs) return null;
    const { sync, reachesEtcd, confirmed } = standing();
    if (sync === null || sync.leader === name) {
      this.#sinceMs.set(name, nowMs);
      return null;
    }
    if (running.recovery.byHand)
      return reachesEtcd
        ? {
            invariant: 'I8 no primary without a claim',
            detail: `${name}'s server was promoted by hand and goes on, and ${sync.leader} leads`,
          }
        : null;
    const waits = running.waits.loaded.names.length > 0;
    if (sync.mode === 'off' || !waits || confirmed === null) return null;
    const pastMs = nowMs - confirmed.sentMs - confirmed.ttlMs;
    return pastMs <= unprovedMs
      ? null
      : {
          invariant: 'I6 no leader without proof',
          detail: `${name} goes on ${Math.round(pastMs)} ms past its lease, and ${sync.leader} leads`,
        };
  }
}

/** Both daemons are scheduled, and what they kill dies. */
const acts = ({ host, guardian, batond, running, disk }: Member): boolean =>
  !host.paused &&
  guardian?.process.alive === true &&
  !guardian.process.stopped &&
  batond?.process.alive === true &&
  !batond.process.stopped &&
  running?.process.stopped === false &&
  disk.storage.state.kind !== 'hung';
