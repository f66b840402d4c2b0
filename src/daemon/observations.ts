/**
 * What the sensors have seen, newest first and with its age. Written by the sensors, read by `assembleView`; every
 * change calls `changed`, which wakes the loop.
 */
import type { ClusterState, Key, MemberAddress, SharedConfig } from '../core/cluster.ts';
import type { Lsn, MemberName, MonoMs } from '../core/units.ts';
import type { CopyName } from '../core/postgres-view.ts';
import type { ChildView, CoordinatorView, GuardianView, PeerReport, PeerView, ProbeOutcome } from '../core/view.ts';
import type { Room } from '../core/room.ts';
import type { Clock } from '../ports/clock.ts';
import type { Inspection, Look, WriteAnswer } from '../ports/postgres.ts';
import { KnownMembers } from './known-members.ts';
import { nextProbe, withLastPosition } from './peer-answers.ts';

export interface Seen<T> {
  readonly value: T;
  readonly atMono: MonoMs;
}

export type Running = Exclude<Look, { kind: 'silent' }>;

export interface WriteProbes {
  readonly ackedSentMono: MonoMs | null;
  readonly provedSentMono: MonoMs | null;
  readonly pendingSinceMono: MonoMs | null;
  readonly stuckSinceMono: MonoMs | null;
  readonly seenWaiting: boolean;
  /** The newest acknowledged probe that the named standbys have not been seen to have flushed yet. */
  readonly unproved: { readonly sentMono: MonoMs; readonly lsn: Lsn } | null;
}

const noProbes: WriteProbes = {
  ackedSentMono: null,
  provedSentMono: null,
  pendingSinceMono: null,
  stuckSinceMono: null,
  seenWaiting: false,
  unproved: null,
};

export class Observations {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly startedMono: MonoMs;

  cluster: Omit<Extract<CoordinatorView, { kind: 'read' }>, 'kind' | 'reachedMono'> | null = null;
  guardian: GuardianView;
  inspection: Seen<Inspection> | null = null;
  inspectAgain = false;
  /** The last look that was answered, in this run of the server; null before the first. */
  running: Seen<Running> | null = null;
  room: Room | null = null;
  /** Fresh local connections fail since then; `silently` when every one of them timed out. */
  localFailing: { readonly sinceMono: MonoMs; readonly silently: boolean } | null = null;
  receivedChanged: Seen<Lsn> | null = null;
  receiverGoneSinceMono: MonoMs | null = null;
  replayPausedSinceMono: MonoMs | null = null;
  writes: WriteProbes = noProbes;
  /** How far the newest look of a primary found its WAL written. */
  #writtenLsn: Lsn | null = null;
  readonly #flushes = new Map<CopyName, Seen<Lsn | null>>();
  /** Never changed in place: views hold it. */
  peers: ReadonlyMap<MemberName, PeerView> = new Map();
  /** The newest shared configuration that could be read. */
  lastConfig: SharedConfig | null = null;
  readonly #known = new KnownMembers();

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.startedMono = clock.mono();
    this.guardian = {
      connected: false,
      sinceMono: this.startedMono,
      lease: { kind: 'none' },
      child: { kind: 'unknown' },
      refused: null,
    };
  }

  sawCluster(state: ClusterState, confirmedMono: MonoMs): void {
    const nowMono = this.#clock.mono();
    // A leadership that was never seen here (every one writes sync), or a time without etcd, begins the absence anew.
    const before = this.cluster;
    const unbroken =
      before !== null &&
      before.unreachableSinceMono === null &&
      revisionOf(before.state.sync) === revisionOf(state.sync);
    const since = (unbroken ? before.leaderAbsentSinceMono : null) ?? nowMono;
    const leaderAbsentSinceMono = state.leader.kind === 'absent' ? since : null;
    if (state.config.kind === 'present') this.lastConfig = state.config.value;
    this.cluster = { state, confirmedMono, answeredMono: nowMono, unreachableSinceMono: null, leaderAbsentSinceMono };
    this.#known.saw(state);
    this.#changed();
  }

  get addresses(): ReadonlyMap<MemberName, MemberAddress> {
    return this.#known.addresses;
  }

  get toldLsn(): ReadonlyMap<MemberName, Lsn> {
    return this.#known.toldLsn;
  }

  etcdUnreachable(): void {
    const { cluster } = this;
    if (cluster !== null && cluster.unreachableSinceMono === null)
      this.cluster = { ...cluster, unreachableSinceMono: this.#clock.mono() };
    this.#changed();
  }

  sawGuardian(view: GuardianView): void {
    const before = this.guardian.child;
    this.guardian = view;
    if (runOf(before) !== runOf(view.child)) this.#forgetRun();
    this.#changed();
  }

  #forgetRun(): void {
    this.running = null;
    this.inspection = null;
    this.localFailing = null;
    this.receivedChanged = null;
    this.receiverGoneSinceMono = null;
    this.replayPausedSinceMono = null;
    this.writes = noProbes;
    this.#flushes.clear();
  }

  /** Something was done to the data directory at rest: what was seen of it is void, or at least to be looked at again. */
  directoryTouched(changed: boolean): void {
    if (changed) this.inspection = null;
    this.inspectAgain = true;
    this.#changed();
  }

  sawDirectory(inspection: Inspection): void {
    this.inspection = { value: inspection, atMono: this.#clock.mono() };
    this.inspectAgain = false;
    this.#changed();
  }

  sawRoom(room: Room | null): void {
    this.room = room;
    this.#changed();
  }

  /** `askedMono`: the look shows the server as it was then or later. */
  sawServer(look: Running, askedMono: MonoMs): void {
    const atMono = this.#clock.mono();
    if (this.running !== null && (this.running.value.runId !== look.runId || this.running.value.kind !== look.kind))
      this.writes = noProbes;
    this.running = { value: look, atMono: askedMono };
    if (look.kind === 'standby') this.#sawStandby(look, atMono);
    else this.#sawPrimary(look, atMono, askedMono);
    this.#changed();
  }

  #sawStandby(look: Extract<Look, { kind: 'standby' }>, atMono: MonoMs): void {
    if (this.receivedChanged?.value !== look.receivedLsn) this.receivedChanged = { value: look.receivedLsn, atMono };
    this.receiverGoneSinceMono = look.streamingFrom === null ? (this.receiverGoneSinceMono ?? atMono) : null;
    this.replayPausedSinceMono = look.replayPaused ? (this.replayPausedSinceMono ?? atMono) : null;
  }

  #sawPrimary(look: Extract<Look, { kind: 'primary' }>, atMono: MonoMs, askedMono: MonoMs): void {
    const names = new Set(look.walsenders.map((sender) => sender.applicationName));
    for (const name of this.#flushes.keys()) if (!names.has(name)) this.#flushes.delete(name);
    for (const sender of look.walsenders) {
      const before = this.#flushes.get(sender.applicationName);
      if (before === undefined || before.value !== sender.flushLsn)
        this.#flushes.set(sender.applicationName, { value: sender.flushLsn, atMono });
    }
    const waits = look.waitsFor.length > 0 || look.waitsForNobody;
    // That a commit waited says nothing once nothing is waited for: the checkpointer has to switch it on again.
    if (!waits && this.writes.seenWaiting) this.writes = { ...this.writes, seenWaiting: false };
    if (waits && look.probeWaits) this.writes = { ...this.writes, seenWaiting: true };
    const { pendingSinceMono, stuckSinceMono } = this.writes;
    // While others write, what hangs is the probe's own session.
    const othersWrite = this.#writtenLsn !== look.currentLsn;
    this.#writtenLsn = look.currentLsn;
    const isStuck = pendingSinceMono !== null && !look.probeWaits && !othersWrite;
    this.writes = { ...this.writes, stuckSinceMono: isStuck ? (stuckSinceMono ?? askedMono) : null };
    this.#proveWrites(look);
  }

  /** I6: a probe is proved once every named standby's flush position has passed it, not by its acknowledgement alone. */
  #proveWrites(look: Extract<Look, { kind: 'primary' }>): void {
    const { unproved } = this.writes;
    if (unproved === null || look.waitsFor.length === 0) return;
    const flushed = look.waitsFor.every((name) => {
      const sender = look.walsenders.find((each) => each.applicationName === name);
      return sender?.flushLsn != null && sender.flushLsn >= unproved.lsn;
    });
    if (flushed) this.writes = { ...this.writes, provedSentMono: unproved.sentMono, unproved: null };
  }

  #flushedByAll(names: readonly CopyName[]): boolean {
    const look = this.running?.value;
    return look?.kind === 'primary' && look.waitsFor.length > 0 && look.waitsFor.every((name) => names.includes(name));
  }

  flushChangedMono(name: CopyName): MonoMs {
    return this.#flushes.get(name)?.atMono ?? this.#clock.mono();
  }

  sentWriteProbe(): void {
    this.writes = { ...this.writes, pendingSinceMono: this.writes.pendingSinceMono ?? this.#clock.mono() };
  }

  sawWriteProbe(answer: WriteAnswer): void {
    if (answer.ok) {
      this.writes = {
        ...this.writes,
        ackedSentMono: answer.sentMono,
        pendingSinceMono: null,
        stuckSinceMono: null,
        ...(this.#flushedByAll(answer.flushedBy)
          ? { provedSentMono: answer.sentMono, unproved: null }
          : { unproved: { sentMono: answer.sentMono, lsn: answer.lsn } }),
      };
    } else if (answer.outcome === 'read-only') {
      this.writes = { ...this.writes, pendingSinceMono: null, stuckSinceMono: null };
    } else {
      this.writes = { ...this.writes, stuckSinceMono: null };
    }
    this.#changed();
  }

  sawLocalProbe(outcome: ProbeOutcome, sentMono: MonoMs): void {
    const before = this.localFailing;
    this.localFailing =
      outcome === 'ok'
        ? null
        : {
            sinceMono: before?.sinceMono ?? sentMono,
            silently: outcome === 'timed-out' && (before?.silently ?? true),
          };
    this.#changed();
  }

  peer(name: MemberName): PeerView {
    return this.peers.get(name) ?? { postgres: null, daemon: null, report: null, lease: null };
  }

  #sawPeer(name: MemberName, peer: PeerView): void {
    this.peers = new Map(this.peers).set(name, peer);
    this.#changed();
  }

  sawPeerPostgres(name: MemberName, outcome: ProbeOutcome): void {
    const peer = this.peer(name);
    this.#sawPeer(name, { ...peer, postgres: nextProbe(peer.postgres, outcome, this.#clock.mono()) });
  }

  sawPeerDaemon(name: MemberName, outcome: ProbeOutcome, report: PeerReport | null): void {
    const peer = this.peer(name);
    this.#sawPeer(name, {
      ...peer,
      daemon: nextProbe(peer.daemon, outcome, this.#clock.mono()),
      report: report === null ? peer.report : withLastPosition(report, peer.report),
    });
  }

  sawPeerLease(name: MemberName, remainingS: number, grantedS: number, askedMono: MonoMs): void {
    this.#sawPeer(name, { ...this.peer(name), lease: { remainingS, grantedS, atMono: askedMono } });
  }
}

const revisionOf = (key: Key<unknown>): number | null => (key.kind === 'absent' ? null : key.modRevision);

/** Names what runs or has run, so that the same is known again however often the guardian repeats it. */
function runOf(child: ChildView): string {
  switch (child.kind) {
    case 'running':
    case 'stopping':
      return `pid ${child.pid}`;
    case 'none':
      return 'none';
    default:
      return 'ending';
  }
}
