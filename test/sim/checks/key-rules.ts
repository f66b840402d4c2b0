/**
 * Who may get the leader key, and who may claim, seen from etcd's own content (I1, I2): in a synchronous mode only whom
 * `sync` names, and `sync` changes its leader only to whom the leader key names.
 */
import { z } from 'zod';
import type { Entry } from '../../../src/ports/coordinator.ts';
import { readJson } from '../../../src/wire/json-text.ts';
import type { SyncContent } from './invariants.ts';

export interface Keys {
  readonly leader: Entry | null;
  readonly syncRevision: number | null;
  readonly sync: SyncContent | null;
  /** From whom the leader key was taken, and what its former holder said when it gave it away. */
  readonly predecessor: Entry | null;
  readonly handOver: Entry | null;
  /** The number that is reserved for the next promotion. */
  readonly timeline: Entry | null;
  /** Whom an operator asked to lead, accepting loss; null when nobody did. */
  readonly forced: string | null;
}

export class KeyRules {
  #before: Keys | null = null;
  #looked: Keys | null = null;

  /** What was there before says nothing about what comes: somebody else than Baton wrote, or lost, a key. */
  forget(): void {
    this.#before = null;
    this.#looked = null;
  }

  /** To be asked after every event. What is wrong in words; null when nothing is. The same object is the same keys. */
  look(now: Keys): string | null {
    if (now === this.#looked) return null;
    this.#looked = now;
    const before = this.#before;
    const unchanged =
      before !== null &&
      before.leader?.modRevision === now.leader?.modRevision &&
      before.syncRevision === now.syncRevision;
    if (unchanged) return null;
    this.#before = now;
    return before === null ? null : (leaderProblem(before, now) ?? claimProblem(before, now));
  }
}

/** A request is there until its candidate leads. */
function leaderProblem(before: Keys, { leader, forced }: Keys): string | null {
  if (leader === null || leader.modRevision === before.leader?.modRevision) return null;
  const { sync } = before;
  if (sync === null || sync.mode === 'off' || leader.value === forced) return null;
  if (leader.value === sync.leader || sync.standbys.includes(leader.value)) return null;
  return `the leader key went to ${leader.value}, and sync named ${[sync.leader, ...sync.standbys].join(', ')}`;
}

function claimProblem(before: Keys, { leader, sync }: Keys): string | null {
  if (sync === null || before.sync === null || sync.leader === before.sync.leader) return null;
  if (leader?.value === sync.leader) return null;
  return `sync became ${sync.leader}'s, and the leader key is ${leader === null ? 'nobody' : leader.value}'s`;
}

const forcedRequest = z.object({ kind: z.literal('failover'), member: z.string(), allow_data_loss: z.literal(true) });

/** Whom a pending request names that accepts loss; null when the key says nothing of the kind. */
export function forcedCandidate(request: string | undefined): string | null {
  const read = request === undefined ? null : readJson(forcedRequest, request);
  return read?.ok === true ? read.value.member : null;
}
