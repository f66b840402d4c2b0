/**
 * What must hold after every event (docs/safety.md), seen from outside: the disks, the processes and etcd's real
 * content, never what a daemon believes. The first violation ends a simulation.
 */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import type { Ms } from '../../../src/core/units.ts';
import { AcceptedLoss } from './accepted-loss.ts';
import { Acknowledged } from './acknowledged.ts';
import { recordBytes, type SimDirectory, type WalRecord } from '../postgres/directory.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import { Copies } from './copies.ts';
import { Guarding } from './guarding.ts';
import { type Keys, KeyRules } from './key-rules.ts';
import type { Member } from '../hosts/member.ts';
import { type Confirmed, LeaseDeadline } from './lease-deadline.ts';
import { OperationEnds } from './operation-ends.ts';
import { Overtaken, type Standing } from './overtaken.ts';
import { Promises } from './promises.ts';
import { Reads } from './reads.ts';
import { Reservations } from './reservations.ts';
import { Succession } from './succession.ts';
import { type LeaderNow, Transactions } from './transactions.ts';
import { maxLagBytes } from '../hosts/settings.ts';

export interface Violation {
  readonly invariant: string;
  readonly atMs: number;
  readonly detail: string;
}

/** The sync key as etcd holds it. */
export interface SyncContent {
  readonly leader: string;
  readonly standbys: readonly string[];
  readonly mode: SyncMode;
  readonly copies: Readonly<Record<string, string>>;
}

export interface Watched {
  readonly members: readonly Member[];
  now(): number;
  sync(): SyncContent | null;
  /** Null while what etcd holds is not what Baton made of it. */
  keys(): Keys | null;
  /** Whom a pending request names that accepts loss; null when none does. */
  readonly forced: () => string | null;
  /** The newest renewal of a member's lease that etcd confirmed; null while there is none. */
  confirmedRenewal(member: string): Confirmed | null;
  /** Its calls are answered at once, by an etcd that has its past. */
  reachesEtcd(member: string): boolean;
  /** Nothing is wrong, and nothing was for a while. */
  calm(nowMs: number): boolean;
  /** What a lone fault costs more than it may; null while nothing does. */
  overBudget(nowMs: number): string | null;
}

const lookEveryMs: Ms = 500;
/** By then whoever leads has been told that its commits prove nothing any more, or has answered what was done to etcd. */
const offForMs: Ms = 5_000;
/** The leader tells its position every ten seconds; then it may have been cut off for as long as its lease lasts. */
const untoldMs: Ms = 16_000;
const maxLagRecords = Math.floor(maxLagBytes / recordBytes);

export class Invariants {
  readonly violations: Violation[] = [];
  readonly acknowledged = new Acknowledged();
  readonly #acceptedLoss = new AcceptedLoss();
  /** What clients were told and nobody promised (docs/safety.md): counted apart, and never lost. */
  readonly unprotected: { readonly record: WalRecord; readonly why: string }[] = [];
  /** The uid of the record at each position of each timeline. */
  readonly #contents = new Map<number, Map<number, number>>();
  /** What was found in order last; only another `sync`, or other waits, can be out of order. */
  #inOrder: { readonly sync: SyncContent; readonly waits: FakeServer['waits']; readonly loaded: unknown } | null = null;
  #keysLooked: Keys | null = null;
  #mode: SyncMode | null = null;
  /** When the mode last became `off`: since then safety rests on the lease alone, for whoever leads in it. */
  #offSinceMs = Number.POSITIVE_INFINITY;
  /** Runs of servers that were there when the mode became strict, and have not begun to wait for anybody. */
  readonly #notStrictYet = new Set<string>();
  /** Runs that began as primaries, and those of them that `sync` named then. */
  readonly #starts = new Set<string>();
  readonly #claimedStarts = new Set<string>();
  readonly #world: Watched;
  readonly #reads = new Reads();
  readonly #keys = new KeyRules();
  readonly #guarding = new Guarding();
  readonly #leases = new LeaseDeadline();
  readonly #copies = new Copies();
  readonly #overtaken = new Overtaken();
  readonly #promises = new Promises();
  readonly #reservations = new Reservations();
  readonly #succession = new Succession();
  readonly #transactions = new Transactions();
  /** The revision of the leader key; null when there was none. */
  #leaderAt: number | null | 'not known' = 'not known';
  /** When somebody else than Baton changed anything in etcd: its leader answers that in its own time. */
  #touchedMs = Number.NEGATIVE_INFINITY;
  readonly #operations = new OperationEnds();
  #lookAtMs = 0;

  constructor(world: Watched) {
    this.#world = world;
  }

  madeDurable(server: FakeServer, { timeline, position, uid }: WalRecord): void {
    if (server.recovery.byHand) return;
    let contents = this.#contents.get(timeline);
    if (contents === undefined) {
      contents = new Map();
      this.#contents.set(timeline, contents);
    }
    const known = contents.get(position);
    if (known === undefined) contents.set(position, uid);
    else if (known !== uid)
      this.violated(
        'I9 no timeline is used twice',
        `${server.host.name} has another record at ${timeline}:${position}`,
      );
  }

  leftRecovery(server: FakeServer, how: string): void {
    const acceptedUntilMs = this.#acceptedLoss.take(server.dir);
    if (acceptedUntilMs !== null) {
      this.acknowledged.forgive(server.dir, acceptedUntilMs);
      this.#reads.forgive(server.dir);
    }
    if (how === 'promoted by hand') return;
    const sync = this.#world.sync();
    const { name } = server.host;
    this.#reads.leftRecovery(server);
    if (sync?.mode === 'off' && how === 'promoted') this.#checkLoss(server);
    if (sync === null) this.violated('I2 claim', `${name} ${how} as a primary and nobody has claimed`);
    if (sync === null || sync.mode === 'off') return;
    // It was claimed when it began, and recovery took its time: with the door shut it acknowledges nothing to anybody.
    if (how === 'started' && server.dir.admits !== 'everybody' && this.#claimedStarts.has(server.runId)) return;
    if (!claimedBy(sync, server)) {
      this.violated('I2 claim', `${name} ${how} as a primary, and sync is ${JSON.stringify(sync)}`);
    }
    const lost = this.acknowledged.missingFrom(server.dir);
    if (lost !== null) {
      this.violated(
        'I4 no acknowledged commit is lost',
        `${name} ${how} without ${lost.record.id}, acknowledged by ${lost.member} at ${Math.round(lost.atMs)}`,
      );
    }
  }

  acknowledgedCommit(server: FakeServer, record: WalRecord): void {
    const atMs = this.#world.now();
    const sync = this.#world.sync();
    if (server.unprotected !== null) {
      this.unprotected.push({ record, why: server.unprotected });
      return;
    }
    const promised = this.#promises.of(server, sync);
    const supervised = promised !== 'off' || !this.#guarding.stoodStill(server, atMs);
    this.acknowledged.add(
      { record, member: server.host.name, runId: server.runId, atMs, supervised },
      promised === 'off' ? 'may be lost' : 'stays',
    );
    this.#reads.committed(server, record);
    const late = promised === 'off' && atMs - this.#offSinceMs > offForMs ? this.#pastDeadline(server, atMs) : null;
    if (late !== null)
      this.violated('I5 deadline from the send', `${server.host.name} acknowledged ${record.id} ${late}`);
    for (const { running: other } of this.#world.members) {
      if (other === null || other === server || (other.phase !== 'primary' && other.phase !== 'orphaned')) continue;
      // What a standby's postmaster left behind acknowledges nothing.
      if (other.phase === 'orphaned' && other.dir.state === 'in archive recovery') continue;
      // An old primary that is not fenced yet harms nobody while it acknowledges nothing.
      if (other.dir.timeline < server.dir.timeline || other.recovery.byHand) continue;
      const has = other.dir.records[record.position] === record;
      if (!has && (promised !== 'off' || this.acknowledged.firstOf.has(other.runId))) {
        if (!supervised) this.unprotected.push({ record, why: 'unsupervised' });
        else
          this.violated(
            'I1 one leader',
            `${server.host.name} acknowledged ${record.id}, and ${other.host.name} is a newer primary without it`,
          );
      }
    }
    // A standby's word may still be on its way when its disk is lost: the commit was on two when that was said.
    if (
      sync?.mode === 'strict' &&
      !this.#notStrictYet.has(server.runId) &&
      !this.#world.members.some(
        ({ disk, host }) => host !== server.host && disk.everything.some((dir) => isIn(dir, record)),
      )
    ) {
      this.violated('strict: on two disks', `${server.host.name} acknowledged ${record.id}, which nobody else has`);
    }
  }

  #pastDeadline({ host, runId }: FakeServer, nowMs: number): string | null {
    return this.#leases.acknowledged(runId, this.#world.confirmedRenewal(host.name), nowMs);
  }

  /** A client looks at what there is. */
  read(server: FakeServer): void {
    const sync = this.#world.sync();
    if (server.unprotected !== null || server.recovery.byHand || sync?.mode === 'off') {
      this.#reads.lapse();
      return;
    }
    const missing = this.#promises.of(server, sync) === 'off' ? null : this.#reads.read(server);
    if (missing !== null) this.violated('what was read stays', missing);
  }

  /** PostgreSQL's own hole: the client was told COMMIT although nobody else has it. */
  cancelledCommit(record: WalRecord): void {
    this.unprotected.push({ record, why: 'cancelled' });
  }

  /** Whoever leads at that moment is no former primary; and nobody but a primary is fenced by another. */
  fencedRemotely(server: FakeServer, leader: string | null): void {
    if (leader === server.host.name || server.phase !== 'primary')
      this.violated('remote fence', `${server.host.name} was fenced as a former primary: ${leader} leads`);
  }

  /** What holds between events. */
  check(): void {
    const nowMs = this.#world.now();
    const sync = this.#world.sync();
    this.#acceptedLoss.look(sync, this.#world.forced, nowMs);
    this.#checkKeys(nowMs);
    this.#checkMode(sync);
    this.#promises.look(this.#world.members, sync);
    if (nowMs >= this.#lookAtMs) this.#look(nowMs);
    this.#checkWaits(sync);
    for (const member of this.#world.members) {
      this.#checkStart(member, sync);
      this.#leases.look(member, nowMs);
      this.#transactions.look(member, nowMs);
      const overtaken = this.#overtaken.look(member, () => this.#standing(member.name), nowMs);
      if (overtaken !== null) this.violated(overtaken.invariant, overtaken.detail);
      const alone = this.#guarding.look(member, nowMs);
      if (alone !== null) this.violated(alone.invariant, alone.detail);
    }
  }

  /** A daemon sends this to etcd. */
  sent(sender: Member, txn: Txn, leader: LeaderNow): void {
    const problem = this.#transactions.sent(sender, txn, leader, this.#world.now());
    if (problem !== null) this.violated(problem.invariant, problem.detail);
  }

  #checkKeys(nowMs: number): void {
    const keys = this.#world.keys();
    if (keys === null) {
      this.#keys.forget();
      this.#succession.forget();
      this.#reservations.forget();
      this.#leaderAt = 'not known';
      this.#touchedMs = nowMs;
      return;
    }
    if (keys === this.#keysLooked) return;
    this.#keysLooked = keys;
    const problem = this.#keys.look(keys);
    if (problem !== null) this.violated('I2 claim', problem);
    this.#checkSuccession(keys, nowMs);
  }

  #checkSuccession(keys: Keys, nowMs: number): void {
    const problem = this.#succession.look(keys, this.#world.members, nowMs);
    if (problem !== null) this.violated(problem.invariant, problem.detail);
    const twice = this.#reservations.look(keys.timeline);
    if (twice !== null) this.violated('I9 no timeline is used twice', twice);
    const leaderAt = keys.leader?.modRevision ?? null;
    const calm = this.#world.calm(nowMs) && nowMs - this.#touchedMs > offForMs;
    if (this.#leaderAt !== 'not known' && leaderAt !== this.#leaderAt && calm)
      this.violated(
        'nobody fails over in calm',
        `the leader key changed while nothing is wrong: ${keys.leader?.value ?? 'nobody'} leads`,
      );
    this.#leaderAt = leaderAt;
  }

  #standing(name: string): Standing {
    return {
      sync: this.#world.sync(),
      reachesEtcd: this.#world.reachesEtcd(name),
      confirmed: this.#world.confirmedRenewal(name),
    };
  }

  /** A mode that is asked for of a running server begins with what it waits for, which changes a moment after the key. */
  #checkMode(sync: SyncContent | null): void {
    const mode = sync?.mode ?? null;
    if (mode === 'off') {
      this.acknowledged.lapse();
      this.#reads.lapse();
      if (this.#mode !== 'off') this.#offSinceMs = this.#world.now();
    }
    if (mode === this.#mode && this.#notStrictYet.size === 0) return;
    for (const { running } of this.#world.members) {
      if (running === null) continue;
      if (mode !== this.#mode && mode === 'strict' && this.#mode !== null) this.#notStrictYet.add(running.runId);
      if (mode !== 'strict' || waitsNow(running)) this.#notStrictYet.delete(running.runId);
    }
    this.#mode = mode;
  }

  /** At the end, when one primary is left. */
  checkFinally(primary: FakeServer, mode: SyncMode): void {
    const lost = mode === 'off' ? null : this.acknowledged.missingFrom(primary.dir);
    if (lost !== null) {
      this.violated(
        'I4 no acknowledged commit is lost',
        `${primary.host.name} lacks ${lost.record.id}, acknowledged by ${lost.member} at ${Math.round(lost.atMs)}`,
      );
    }
  }

  lives(detail: string): void {
    this.violated('liveness after heal', detail);
  }

  /** Seen by somebody else: a fault's own expectation, an operator who looks. */
  violated(invariant: string, detail: string): void {
    this.violations.push({ invariant, detail, atMs: this.#world.now() });
  }

  /** What takes long to be wrong is looked at less often. */
  #look(nowMs: number): void {
    this.#lookAtMs = nowMs + lookEveryMs;
    for (const member of this.#world.members) {
      const hangs = this.#operations.look(member, nowMs);
      if (hangs !== null) this.violated('every operation ends', hangs);
      const same = this.#copies.look(member);
      if (same !== null) this.violated('I9 copies, not names', same);
      const { running } = member;
      const differs = running?.phase === 'primary' && !running.recovery.byHand ? this.#copies.differs(running) : null;
      if (differs !== null) this.violated('I9 copies, not names', differs);
    }
    const late = this.#world.overBudget(nowMs);
    if (late !== null) this.violated('failover within its budget', late);
  }

  /** Mode `off`: what maxLag lets pass, and what was written since the leader last told its position. */
  #checkLoss(server: FakeServer): void {
    const lost = this.acknowledged.newlyLackingIn(server.dir, this.#world.now() - untoldMs);
    if (lost > maxLagRecords)
      this.violated(
        'bounded loss',
        `${server.host.name} was promoted without ${lost} acknowledged commits, ${maxLagRecords} may be lost`,
      );
  }

  /** I8: whether a start as a primary is claimed is asked when it begins. */
  #checkStart({ running }: Member, sync: SyncContent | null): void {
    if (running?.phase !== 'starting' || running.startedAs !== 'primary') return;
    if (this.#starts.has(running.runId)) return;
    this.#starts.add(running.runId);
    if (sync !== null && claimedBy(sync, running)) this.#claimedStarts.add(running.runId);
  }

  #checkWaits(sync: SyncContent | null): void {
    if (sync === null || sync.standbys.length === 0) return;
    const leader = this.#world.members.find(({ name }) => name === sync.leader)?.running;
    if (leader?.phase !== 'primary' || leader.dir.admits !== 'everybody' || leader.unprotected !== null) return;
    const { waits } = leader;
    const known = this.#inOrder;
    if (waits.flag && known?.sync === sync && known.waits === waits && known.loaded === waits.loaded) return;
    this.#inOrder = null;
    for (const standby of sync.standbys) {
      const name = `baton_${standby}_${sync.copies[standby]}`;
      if (waits.flag && waits.priority(name) > 0) continue;
      this.violated('I3 order', `sync names ${standby}, and ${sync.leader} admits clients without waiting for ${name}`);
      return;
    }
    this.#inOrder = { sync, waits, loaded: waits.loaded };
  }
}

/** Durably. */
const isIn = (dir: SimDirectory, record: WalRecord): boolean =>
  dir.flushed > record.position && dir.records[record.position] === record;

const claimedBy = (sync: SyncContent, { host, dir }: FakeServer): boolean =>
  sync.leader === host.name && sync.copies[host.name] === dir.copy?.copyId;

/** Commits wait, and go on doing so: the checkpointer may still have to switch off what is not asked for any more. */
const waitsNow = ({ waits, dir }: FakeServer): boolean =>
  waits.flag && (dir.waits.nobody || dir.waits.names.length > 0);
