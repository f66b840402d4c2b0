/**
 * The losses that an operator accepted, seen from etcd's own content: a failover that accepts loss lets a copy claim that
 * `sync` did not name. Whether that copy then leaves recovery by a promotion, by hand, or as the former primary that it
 * was, makes no difference to what was accepted.
 */
import type { SimDirectory } from '../postgres/directory.ts';
import type { SyncContent } from './invariants.ts';

interface Accepted {
  readonly member: string;
  readonly copyId: string;
  /** What is acknowledged by somebody else after the claim, nobody has accepted the loss of. */
  readonly atMs: number;
}

export class AcceptedLoss {
  /** As `sync` was when it was looked at before. */
  #sync: SyncContent | null = null;
  #accepted: Accepted | null = null;

  /** To be asked after every event. `forced`: whom a pending request names that accepts loss; null when none does. */
  look(sync: SyncContent | null, forced: () => string | null, nowMs: number): void {
    const before = this.#sync;
    if (sync === null || sync === before) return;
    this.#sync = sync;
    const { leader } = sync;
    const copyId = sync.copies[leader];
    if (this.#accepted?.member === leader && this.#accepted.copyId === copyId) return;
    const mayLack = before === null || !names(before, leader, copyId);
    const accepted = copyId !== undefined && mayLack && forced() === leader;
    this.#accepted = accepted ? { member: leader, copyId, atMs: nowMs } : null;
  }

  /**
   * A server with this directory is out of recovery: until when the loss of what it lacks was accepted; null when it was
   * not. Asked once of each claim: what it acknowledges from now on, it must have.
   */
  take({ copy }: SimDirectory): number | null {
    const accepted = this.#accepted;
    if (accepted === null || copy?.member !== accepted.member || copy.copyId !== accepted.copyId) return null;
    this.#accepted = null;
    return accepted.atMs;
  }
}

const names = (sync: SyncContent, member: string, copyId: string | undefined): boolean =>
  (sync.leader === member || sync.standbys.includes(member)) && sync.copies[member] === copyId;
