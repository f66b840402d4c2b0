/**
 * The sensors: each asks its one question on its own cadence and writes the answer down with its age. The loop never
 * waits for any of them. Doubt about the leader (or a named standby) makes the probes ask more often.
 */
import { type Doubting, inDoubt } from '../core/evidence.ts';
import type { SharedConfig } from '../core/cluster.ts';
import { describeRoom, freeBytes, lacksRoom } from '../core/room.ts';
import { elapsed, type MemberName, type Ms } from '../core/units.ts';
import { policyInForce } from './assemble-view.ts';
import { LocalProbes, saysSomething } from './local-probes.ts';
import type { Observations } from './observations.ts';
import type { SupervisorDeps } from './supervisor.ts';
import { Signalled } from './signalled.ts';
import { parseSelf } from '../wire/self.ts';

/** The server is looked at this often; a look is one query on a session that stays open. */
const lookEveryMs: Ms = 100;
const lookLimitMs: Ms = 1_000;
const inspectLimitMs: Ms = 10_000;
const inspectUnusableEveryMs: Ms = 1_000;
const leaseReadEveryMs: Ms = 100;
const roomLimitMs: Ms = 2_000;
const roomEveryMs: Ms = 5_000;
/** Somebody is making room: what waits for it goes on soon. */
const scarceRoomEveryMs: Ms = 1_000;

export interface SensorContext {
  readonly deps: SupervisorDeps;
  readonly seen: Observations;
  doubting(): Doubting;
  /** No operation is under way. */
  idle(): boolean;
}

export class Sensors {
  readonly #context: SensorContext;
  readonly #signal: AbortSignal;
  readonly #look: Signalled;
  readonly #probed = new Set<MemberName>();
  #warnings: readonly string[] = [];
  /** Wakes every probe loop at once: bad news does not wait for the next round. */
  readonly #doubt: Signalled;
  #doubted = false;
  readonly #room: Signalled;
  /** Nobody signals it: what waits for it pauses, and ends with the daemon. */
  readonly #pauses: Signalled;

  constructor(context: SensorContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#look = new Signalled(context.deps.clock, signal);
    this.#doubt = new Signalled(context.deps.clock, signal);
    this.#room = new Signalled(context.deps.clock, signal);
    this.#pauses = new Signalled(context.deps.clock, signal);
  }

  start(): readonly Promise<void>[] {
    this.#context.deps.peers.onSessionLost(() => this.doubt());
    return [this.#looking(), this.#probingLocally(), this.#writing(), this.#readingLease(), this.#measuringRoom()];
  }

  /** Something changed in the server: look now. */
  lookNow(): void {
    this.#look.signal();
  }

  /** For want of room, perhaps: what is decided next must know. */
  postgresEnded(): void {
    this.#room.signal();
  }

  doubt(): void {
    this.#doubt.signal();
    this.#look.signal();
  }

  /** A doubt may begin without bad news from a probe: a stream falls silent. All look then, whatever their cadence. */
  doubting(doubted: boolean): void {
    if (doubted && !this.#doubted) this.doubt();
    this.#doubted = doubted;
  }

  /** Follows the set of other members: one pair of probe loops for each. */
  follow(members: Iterable<MemberName>): void {
    for (const member of members) {
      if (member === this.#context.deps.settings.name || this.#probed.has(member)) continue;
      this.#probed.add(member);
      void this.#probingPeer(member, this.#signal);
      void this.#askingPeer(member, this.#signal);
    }
  }

  /** One look at the running server, written down if it is still the one that was asked. */
  async lookOnce(): Promise<void> {
    const { deps, seen } = this.#context;
    const { child } = seen.guardian;
    if (child.kind !== 'running') return;
    const askedMono = deps.clock.mono();
    const look = await deps.postgres.look(lookLimitMs);
    if (look.kind === 'silent' || seen.guardian.child.kind !== 'running' || seen.guardian.child.pid !== child.pid)
      return;
    seen.sawServer(look, askedMono);
    if (look.kind === 'primary') this.#sayWarnings(look.warnings);
  }

  /** Who weakens commits, and what is ruled elsewhere: each is told once, and again when it comes back. */
  #sayWarnings(now: readonly string[]): void {
    for (const warning of now) if (!this.#warnings.includes(warning)) this.#context.deps.log.warn(warning);
    this.#warnings = now;
  }

  async #looking(): Promise<void> {
    const { deps, seen } = this.#context;
    while (!this.#signal.aborted) {
      const { child } = seen.guardian;
      if (child.kind === 'running') {
        await this.lookOnce();
      } else if (
        child.kind === 'none' &&
        (seen.inspection === null || seen.inspectAgain || this.#mayHaveBeenMended()) &&
        this.#context.idle()
      ) {
        seen.sawDirectory(await deps.postgres.inspect(inspectLimitMs));
      }
      await this.#look.wait(lookEveryMs);
    }
  }

  /** A disk that could not be read is repaired without a word to us. */
  #mayHaveBeenMended(): boolean {
    const { deps, seen } = this.#context;
    const { inspection } = seen;
    return (
      inspection?.value.kind === 'unusable' && elapsed(inspection.atMono, deps.clock.mono()) >= inspectUnusableEveryMs
    );
  }

  /** Whether anybody new is served: the held session of a frozen postmaster goes on answering. */
  async #probingLocally(): Promise<void> {
    const { deps, seen } = this.#context;
    const probes = new LocalProbes({
      clock: deps.clock,
      probe: (limitMs) => deps.postgres.probeLocal(limitMs),
      run: () => (seen.guardian.child.kind === 'running' ? (seen.running?.value.runId ?? null) : null),
      saw: (outcome, sinceMono) => seen.sawLocalProbe(outcome, sinceMono),
    });
    while (!this.#signal.aborted) {
      const { probe, failover } = this.#policy();
      await probes.attempt(probe.deadlineMs, failover.hangMs);
      const failing = seen.localFailing !== null;
      await this.#doubt.wait(failing ? probe.doubtIntervalMs : probe.intervalMs);
    }
  }

  /** Whether the disk lets the server write; the first sign of a full one is told, and its end. */
  async #measuringRoom(): Promise<void> {
    const { deps, seen } = this.#context;
    let wasScarce = false;
    while (!this.#signal.aborted) {
      const room = await deps.postgres.room(roomLimitMs);
      const scarce = room !== null && lacksRoom(freeBytes(room));
      if (room !== null && scarce !== wasScarce) {
        deps.journal.happened(scarce ? 'room-scarce' : 'room-again', { ...room });
        if (scarce) deps.log.warn(`the disk of postgres is nearly full: ${describeRoom(freeBytes(room))}`, { ...room });
        else deps.log.info('the disk of postgres has room again', { ...room });
        wasScarce = scarce;
      }
      seen.sawRoom(room);
      await this.#room.wait(scarce ? scarceRoomEveryMs : roomEveryMs);
    }
  }

  /** The leader's own commits: they prove its leadership (I6) and keep the stream from falling silent (E4). */
  async #writing(): Promise<void> {
    const { deps, seen } = this.#context;
    while (!this.#signal.aborted) {
      const { probe } = this.#policy();
      if (seen.running?.value.kind === 'primary' && seen.guardian.child.kind === 'running') {
        seen.sentWriteProbe();
        const sentMono = deps.clock.mono();
        const answer = await deps.postgres.writeProbe(writeLimitMs);
        seen.sawWriteProbe(answer);
        if (answer.ok) this.#look.signal();
        // From send to send: on a slow host the next proof would be late by the time that this one took.
        await this.#pauses.wait(Math.max(0, probe.writeIntervalMs - (deps.clock.mono() - sentMono)));
      } else await this.#pauses.wait(probe.writeIntervalMs);
    }
  }

  /** E3, read only in doubt: how long the leader's lease has left. */
  async #readingLease(): Promise<void> {
    const { deps, seen } = this.#context;
    while (!this.#signal.aborted) {
      const leader = seen.cluster?.state.leader;
      const other = leader?.kind === 'present' && leader.value.member !== deps.settings.name ? leader.value : null;
      if (other !== null && inDoubt(this.#context.doubting(), other.member)) {
        const askedMono = deps.clock.mono();
        const ttl = await deps.coordinator.leaseTtl(other.leaseId, leaseReadLimitMs);
        if (ttl.ok && ttl.value.kind === 'alive')
          seen.sawPeerLease(other.member, ttl.value.remainingS, ttl.value.grantedS, askedMono);
        if (ttl.ok && ttl.value.kind === 'gone') deps.coordinator.refresh();
        await this.#pauses.wait(leaseReadEveryMs);
      } else {
        await this.#doubt.wait(this.#policy().probe.intervalMs);
      }
    }
  }

  /** E5 */
  async #probingPeer(member: MemberName, signal: AbortSignal): Promise<void> {
    const { deps, seen } = this.#context;
    while (!signal.aborted) {
      const record = seen.addresses.get(member);
      const { probe } = this.#policy();
      const doubt = this.#doubts(member);
      if (record !== undefined) {
        const [sentMono, limitMs] = [deps.clock.mono(), doubt ? probe.doubtDeadlineMs : probe.deadlineMs];
        const answer = await deps.peers.probePostgres({ host: record.host, port: record.port }, limitMs);
        if (saysSomething(answer.outcome, elapsed(sentMono, deps.clock.mono()), limitMs))
          seen.sawPeerPostgres(member, answer.outcome);
        if (answer.outcome !== 'ok' && !doubt) this.doubt();
      }
      await this.#pause(member);
    }
  }

  /** E6 */
  async #askingPeer(member: MemberName, signal: AbortSignal): Promise<void> {
    const { deps, seen } = this.#context;
    while (!signal.aborted) {
      const record = seen.addresses.get(member);
      const { probe } = this.#policy();
      const doubt = this.#doubts(member);
      if (record !== undefined) {
        const [sentMono, limitMs] = [deps.clock.mono(), doubt ? probe.doubtDeadlineMs : probe.deadlineMs];
        const answer = await deps.peers.probeDaemon(record.apiUrl, limitMs);
        if (saysSomething(answer.outcome, elapsed(sentMono, deps.clock.mono()), limitMs))
          seen.sawPeerDaemon(
            member,
            answer.outcome,
            parseSelf(answer.report, deps.clock.mono(), { cluster: deps.settings.cluster, member }),
          );
        if (answer.outcome !== 'ok' && !doubt) this.doubt();
      }
      await this.#pause(member);
    }
  }

  async #pause(member: MemberName): Promise<void> {
    const { probe } = this.#policy();
    if (this.#doubts(member)) await this.#pauses.wait(probe.doubtIntervalMs);
    else await this.#doubt.wait(probe.intervalMs);
  }

  /** Doubt about the leader, or, on the leader, about a standby that sync names and that does not stream. */
  #doubts(member: MemberName): boolean {
    if (inDoubt(this.#context.doubting(), member)) return true;
    const { running, cluster } = this.#context.seen;
    const sync = cluster?.state.sync;
    if (running?.value.kind !== 'primary' || sync?.kind !== 'present' || !sync.value.standbys.includes(member))
      return false;
    const copy = sync.value.copies[member];
    return copy !== undefined && !running.value.walsenders.some((sender) => sender.applicationName.endsWith(copy));
  }

  #policy(): SharedConfig {
    const { deps, seen } = this.#context;
    return policyInForce(deps.settings, seen);
  }
}

/** A probe commit that waits for a lost standby is left waiting: ending it would count as an acknowledgement. */
const writeLimitMs: Ms = 30_000;
const leaseReadLimitMs: Ms = 300;
