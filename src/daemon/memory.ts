/** What the loop remembers of its own acts; see MemoryView for what each means and what a restart forgets. */
import type { HistoryRow } from '../core/cluster.ts';
import type { CommitPurpose, OperationSpec } from '../core/decision.ts';
import {
  type CopyId,
  copyId,
  type MemberName,
  type MonoMs,
  monoMs,
  type Ms,
  type Revision,
  revision,
} from '../core/units.ts';
import type { Hold, MemoryView, OperationResult, OperationView, WaitProof } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { TxnOutcome } from '../ports/coordinator.ts';
import type { KeptState } from '../ports/journal.ts';
import { EtcdPast } from './etcd-past.ts';
import { FactKeeper } from './fact-keeper.ts';
import { FormerLeader } from './former-leader.ts';
import type { Running } from './observations.ts';
import { OwnServer } from './own-server.ts';
import { StartAccount } from './start-account.ts';

export class Memory {
  readonly #clock: Clock;
  readonly #facts: FactKeeper;
  readonly #newCopyId: () => CopyId;
  readonly formerLeader: FormerLeader;
  readonly etcdPast: EtcdPast;
  readonly ownServer = new OwnServer();
  readonly starts = new StartAccount();
  #confirmedSyncRevision: Revision | null = null;
  #committing: { purpose: CommitPurpose; readAfterMono: MonoMs | null } | null = null;
  #leadingSinceMono: MonoMs | null = null;
  #proof: WaitProof | null = null;
  /** By the monotonic clock, so that a step of the wall clock neither forgets nor prolongs them. */
  #crashes: readonly MonoMs[];
  #nextCopyId: CopyId;
  #initializedCopyId: CopyId | null;
  #preparedFor: { leader: MemberName; term: Revision } | null = null;
  #checkpointedRequest: string | null = null;
  #promotion: HistoryRow | null = null;
  #promotedMono: MonoMs | null = null;
  #syncRemovedMono: MonoMs | null = null;
  #requestSeen: { id: string; atMono: MonoMs } | null = null;
  #commitFailed: { purpose: CommitPurpose; atMono: MonoMs } | null = null;
  #furnishedFor: readonly MemberName[] = [];
  #furnished = false;
  #divergedKept: string | null = null;
  /** Wall clock minus monotonic clock, as of the last look. */
  #wallAheadMs: Ms;
  #wallJumpedMono: MonoMs | null = null;
  #operation: OperationView = { kind: 'idle', last: null };
  lastLedTerm: Revision | null;

  constructor(clock: Clock, kept: KeptState, newCopyId: () => CopyId, notKept: (error: unknown) => void) {
    this.#clock = clock;
    this.formerLeader = new FormerLeader(clock);
    this.#facts = new FactKeeper(clock, kept, notKept);
    this.#newCopyId = newCopyId;
    this.#nextCopyId = newCopyId();
    const facts = this.#facts.read();
    this.etcdPast = new EtcdPast(this.#facts);
    const [wall, mono] = [clock.wall(), clock.mono()];
    this.#wallAheadMs = wall - mono;
    this.#crashes = facts.crashesWallMs.map((at) => monoMs(mono - Math.max(0, wall - at)));
    this.#initializedCopyId = facts.initializedCopyId === null ? null : copyId(facts.initializedCopyId);
    this.lastLedTerm = facts.lastLedTerm === null ? null : revision(facts.lastLedTerm);
  }

  view(crashWindowMs: Ms): MemoryView {
    const mono = this.#clock.mono();
    return {
      confirmedSyncRevision: this.#confirmedSyncRevision,
      committing: this.#committing?.purpose ?? null,
      leadingSinceMono: this.#leadingSinceMono,
      lastLedTerm: this.lastLedTerm,
      proof: this.#proof,
      crashes: this.#crashes.filter((at) => mono - at < crashWindowMs),
      walEnd: this.ownServer.walEnd,
      diskHung: this.ownServer.diskHung,
      failedStarts: this.starts.failed,
      held: this.held,
      overtakenBy: this.etcdPast.overtakenBy,
      nextCopyId: this.#nextCopyId,
      initializedCopyId: this.#initializedCopyId,
      preparedFor: this.#preparedFor,
      checkpointedRequest: this.#checkpointedRequest,
      promotion: this.#promotion,
      promotedMono: this.#promotedMono,
      syncRemovedMono: this.#syncRemovedMono,
      requestSeen: this.#requestSeen,
      commitFailed: this.#commitFailed,
      furnishedFor: this.#furnishedFor,
      wallJumpedMono: this.#wallJumpedMono,
      divergedKept: this.#divergedKept,
      remoteFence: this.formerLeader.fence,
    };
  }

  get operation(): OperationView {
    return this.#operation;
  }

  get held(): readonly Hold[] {
    return this.etcdPast.held;
  }

  get furnished(): boolean {
    return this.#furnished;
  }

  /** Whether the wall clock has jumped since it was last looked at (I8). */
  lookedAtClocks(): boolean {
    const mono = this.#clock.mono();
    const aheadMs = this.#clock.wall() - mono;
    const jumped = Math.abs(aheadMs - this.#wallAheadMs) >= wallJumpMs;
    // Slewing is followed, so that it never adds up to a jump.
    this.#wallAheadMs = aheadMs;
    if (jumped) this.#wallJumpedMono = mono;
    return jumped;
  }

  /** The key is ours and this term is claimed. */
  leads(term: Revision): void {
    this.leadsNot(true);
    this.#preparedFor = null;
    this.#divergedKept = null;
    // What an etcd without its past says of terms must not replace what was true: an operator goes by it.
    if (this.lastLedTerm !== term && this.held.length === 0) {
      this.lastLedTerm = term;
      this.#facts.keep({ lastLedTerm: term });
    }
  }

  /**
   * Resolves once it is on the disk that this member leads in this term. Rejects when the disk refuses it, and when it
   * does not (any more).
   */
  async leadershipKept(term: Revision): Promise<void> {
    if (this.lastLedTerm !== term) throw new Error(`term ${term} is not led here any more`);
    await this.#facts.everythingKept();
  }

  /** Nothing is led (yet): whether the key is ours all the same. */
  leadsNot(keyIsOurs: boolean): void {
    this.#leadingSinceMono = keyIsOurs ? (this.#leadingSinceMono ?? this.#clock.mono()) : null;
  }

  sawRequest(id: string | null): void {
    if (id === (this.#requestSeen?.id ?? null)) return;
    this.#requestSeen = id === null ? null : { id, atMono: this.#clock.mono() };
  }

  crashed(): void {
    const [wall, mono] = [this.#clock.wall(), this.#clock.mono()];
    this.#crashes = [...this.#crashes, mono].slice(-crashesMax);
    this.#facts.keep({ crashesWallMs: this.#crashes.map((at) => wall - (mono - at)) });
  }

  serverRunEnded(): void {
    // Nothing starts on belief (I8): the next start as a primary is preceded by a write of sync that is made after this.
    this.#confirmedSyncRevision = null;
    this.#proof = null;
    this.#furnished = false;
    this.#checkpointedRequest = null;
  }

  commitBegins(purpose: CommitPurpose): void {
    this.#committing = { purpose, readAfterMono: null };
    this.#confirmedSyncRevision = null;
  }

  commitEnded(outcome: TxnOutcome, writesSync: boolean): void {
    const purpose = this.#committing?.purpose;
    if (outcome.kind === 'applied' && writesSync) this.#confirmedSyncRevision = outcome.revision;
    if (outcome.kind === 'applied' && purpose === 'sync-remove') this.#syncRemovedMono = this.#clock.mono();
    this.#commitFailed =
      purpose === undefined || outcome.kind === 'applied' ? null : { purpose, atMono: this.#clock.mono() };
    // What may still land is decided about only on what was read after the attempt.
    if (outcome.kind === 'unknown' && this.#committing !== null)
      this.#committing = { ...this.#committing, readAfterMono: this.#clock.mono() };
    else this.#committing = null;
  }

  confirmedRead(sentMono: MonoMs): void {
    if (this.#committing?.readAfterMono != null && sentMono >= this.#committing.readAfterMono) this.#committing = null;
  }

  /** How far it is; and if somebody else changed what commits wait for, the checkpointer switches waiting on again in its own time. */
  sawServer(look: Running | null): void {
    if (look?.kind !== 'primary') return;
    this.ownServer.sawPrimary({ timeline: look.timeline, lsn: look.currentLsn });
    if (this.#proof === null) return;
    const { waitedFor } = this.#proof;
    const same = look.waitsFor.length === waitedFor.length && waitedFor.every((name, at) => name === look.waitsFor[at]);
    if (!same || look.waitsRuledBy !== null) this.#proof = null;
  }

  operationBegins(spec: OperationSpec): void {
    // What PostgreSQL waits for may change now, and the checkpointer may switch the new waiting on late: prove it again.
    if (spec.kind === 'wait-for' || spec.kind === 'start' || spec.kind === 'promote') this.#proof = null;
    // A standby is stopped because it cannot stream: what its directory was found to be before is no longer believed.
    if (spec.kind === 'stop') this.#preparedFor = null;
    this.#operation = { kind: 'busy', spec, sinceMono: this.#clock.mono(), progress: null };
  }

  operationProgress(progress: string): void {
    if (this.#operation.kind === 'busy') this.#operation = { ...this.#operation, progress };
  }

  /** Facts that later decisions need of an operation that has ended. */
  operationEnded(result: OperationResult): void {
    const { spec, outcome } = result;
    if (spec.kind === 'start' && spec.as === 'standby' && !outcome.ok && this.#operation.kind === 'busy')
      this.starts.startFailed(this.#operation.sinceMono, result.atMono, outcome.problem);
    this.#operation = { kind: 'idle', last: result };
    if (spec.kind === 'initialize' || spec.kind === 'clone' || spec.kind === 'rejoin')
      this.#nextCopyId = this.#newCopyId();
    if (!outcome.ok) return;
    if (outcome.value.kind === 'rejoined') this.#divergedKept = outcome.value.kept;
    if (outcome.value.kind === 'proved') this.#proof = outcome.value.proof;
    if (spec.kind === 'promote' && outcome.value.kind === 'promoted')
      this.#promotedMono = outcome.value.outOfRecoveryMono;
    if (
      outcome.value.kind === 'promoted' &&
      outcome.value.row !== null &&
      !samePromotion(this.#promotion, outcome.value.row)
    )
      this.#promotion = outcome.value.row;
    if (spec.kind === 'clone' || spec.kind === 'rejoin') this.#preparedFor = { leader: spec.leader, term: spec.term };
    if (spec.kind === 'checkpoint' && spec.request !== null) this.#checkpointedRequest = spec.request;
    if (spec.kind === 'furnish') {
      this.#furnished = true;
      this.#furnishedFor = spec.slotsFor;
    }
  }

  /** To be called often: a disk that refused a fact is asked again. */
  keepWhatWasRefused(): void {
    this.#facts.keepWhatWasRefused();
  }

  async initializing(copy: CopyId): Promise<void> {
    this.#initializedCopyId = copy;
    await this.#facts.durably({ initializedCopyId: copy });
  }

  /** From now on an etcd that knows no cluster has lost its past (I11): nobody creates the cluster once more from old data. */
  sawClusterKnown(): void {
    if (this.#initializedCopyId === null || this.held.length > 0) return;
    this.#initializedCopyId = null;
    this.#facts.keep({ initializedCopyId: null });
  }
}

/** Read again, a promotion is the one that is known, whatever id it was given this time. */
const samePromotion = (known: HistoryRow | null, read: HistoryRow | null): boolean =>
  known !== null &&
  read !== null &&
  known.newTimeline === read.newTimeline &&
  known.timeline === read.timeline &&
  known.lsn === read.lsn;

const crashesMax = 50;
/** Far above what slewing moves between two looks, and far below the shortest lease. */
const wallJumpMs: Ms = 1_000;
