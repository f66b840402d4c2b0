/**
 * The loop: observe → decide → journal → perform. Any fresh fact wakes it at once; it never waits for a probe, a disk
 * or a clone. What it decides is pure (core/decide.ts); what it does is here, one transaction and one operation at a time.
 */
import type { ClusterState } from '../core/cluster.ts';
import { claimed, isMine, leading } from '../core/cluster-queries.ts';
import { unreadable } from '../core/obstacles.ts';
import { decide } from '../core/decide.ts';
import { leaderInDoubt } from '../core/evidence.ts';
import { type HandOverNote, parseHandOverNote, handOverNoteKey } from '../core/hand-over-note.ts';
import type { MonoMs, Ms } from '../core/units.ts';
import type { GuardianView, View } from '../core/view.ts';
import type { Observation, Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace, RequestDraft } from '../ports/daemon-face.ts';
import { ClusterReader } from '../wire/cluster-keys.ts';
import { assembleDoubting, assembleView } from './assemble-view.ts';
import { MemberWrites } from './member-writes.ts';
import { Memory } from './memory.ts';
import { Observations } from './observations.ts';
import { writeUnlessHeld } from './held-coordinator.ts';
import { factsBetween, type Moment } from './outage-facts.ts';
import { Performer } from './performer.ts';
import { Publisher } from './publisher.ts';
import { Doubts } from './doubts.ts';
import { RecordKeeping } from './record-keeping.ts';
import { Requests } from './requests.ts';
import { Sensors } from './sensors.ts';
import { Signalled } from './signalled.ts';
import type { RunSupervisor, SupervisorDeps } from './supervisor.ts';
import { within } from '../ports/within.ts';

/** Rules that only time makes true are seen this often. */
const tickMs: Ms = 50;
/** The loop was away for longer: the process was stopped, or got no processor. */
const awayMs: Ms = 500;
/** Not as long as a commit waits for a lost standby, or a disk hangs: the guardian would stop the leader meanwhile. */
const endsWithinMs: Ms = 2_000;
/** What arrived meanwhile lies in the sockets; reading all of it takes a fraction of this. */
const catchUpMs: Ms = 20;

export const runSupervisor: RunSupervisor = (deps, signal) => {
  const { face, run } = createSupervisor(deps, signal);
  return { face, ended: run() };
};

/** The same in two steps, for a caller that serves the API before anything is done. */
export function createSupervisor(
  deps: SupervisorDeps,
  signal: AbortSignal,
): { readonly face: DaemonFace; run(): Promise<void> } {
  const supervisor = new Supervisor(deps, signal);
  return { face: supervisor.face(), run: () => supervisor.run() };
}

class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #signal: AbortSignal;
  readonly #wakeUp: Signalled;
  #woken = true;
  readonly #seen: Observations;
  readonly #memory: Memory;
  readonly #sensors: Sensors;
  readonly #clientWrites: MemberWrites;
  readonly #publisher: Publisher;
  readonly #requests: Requests;
  readonly #record: RecordKeeping;
  readonly #doubts: Doubts;
  readonly #performer: Performer;
  readonly #reader: ClusterReader;
  #snapshot: Snapshot | null = null;
  /** The newest snapshot, read: what etcd shows, whether or not it is believed. */
  #shown: ClusterState | null = null;
  #note: HandOverNote | null = null;
  #latest: Moment | null = null;
  #ranMono: MonoMs;
  /** Null before the first answer or failure: each change is logged once. */
  #etcdAnswers: boolean | null = null;
  #unreadable: readonly string[] = [];

  constructor(given: SupervisorDeps, signal: AbortSignal) {
    this.#signal = signal;
    this.#ranMono = given.clock.mono();
    this.#wakeUp = new Signalled(given.clock, signal);
    this.#reader = new ClusterReader(given.parseConfig);
    this.#seen = new Observations(given.clock, () => this.#wake());
    this.#memory = new Memory(given.clock, given.kept, given.newCopyId, (error) =>
      given.log.error('state/kept.json cannot be written', {
        problem: error instanceof Error ? error.message : String(error),
      }),
    );
    const deps = { ...given, coordinator: writeUnlessHeld(given.coordinator, () => this.#memory.held) };
    this.#deps = deps;
    const hands = {
      submit: (draft: RequestDraft) => this.#requests.submit(draft, true),
      progress: (id: string) => this.#requests.progress(id),
    };
    this.#record = new RecordKeeping(deps, hands, signal);
    this.#doubts = new Doubts(deps.settings, this.#record);
    this.#clientWrites = new MemberWrites(
      deps,
      this.#seen,
      () => this.#view(),
      (fact) => this.#record.happened(fact),
      (fact) => this.#record.probed(fact),
      () => this.#seen.cluster !== null && this.#record.outageElsewhere(this.#seen.cluster.state),
      signal,
    );
    this.#sensors = new Sensors(
      {
        deps,
        seen: this.#seen,
        doubting: () => assembleDoubting(deps.settings, this.#seen, this.#memory),
        idle: () => this.#memory.operation.kind === 'idle',
      },
      signal,
    );
    this.#performer = new Performer(
      {
        deps,
        seen: this.#seen,
        memory: this.#memory,
        sensors: this.#sensors,
        view: () => this.#view(),
        note: () => this.#noteOfTerm(),
        wake: () => this.#wake(),
      },
      signal,
    );
    this.#publisher = new Publisher(deps);
    this.#requests = new Requests({
      clock: deps.clock,
      coordinator: deps.coordinator,
      newId: () => `${deps.newCopyId()}${deps.newCopyId()}`,
      latest: () => this.#latest,
      snapshot: () => this.#snapshot,
    });
  }

  face(): DaemonFace {
    return {
      cluster: this.#deps.settings.cluster,
      version: this.#deps.version,
      latest: () =>
        this.#latest === null
          ? null
          : { view: this.#latest.view, decision: this.#latest.decision, wall: this.#latest.view.nowWall },
      loopAgeMs: () => this.#deps.clock.mono() - this.#ranMono,
      ...this.#record.face(() => this.#latest?.view ?? null),
      submit: (draft) => this.#requests.submit(draft),
      resume: (draft) => this.#requests.resume(draft),
      progress: (id) => this.#requests.progress(id),
    };
  }

  async run(): Promise<void> {
    const { coordinator, guardian, clock } = this.#deps;
    coordinator.follow((observation) => this.#observe(observation), this.#signal);
    guardian.run((view) => this.#sawGuardian(view), this.#signal);
    const sensing = this.#sensors.start();
    const writing = this.#clientWrites.run();
    while (!this.#signal.aborted) {
      if (!this.#woken) await this.#wakeUp.wait(tickMs);
      // Timers come before sockets after a stop: what is known is old, and would have a leader fence itself whose
      // guardian kept the lease all the time. The deadline is the guardian's to keep meanwhile.
      if (clock.mono() - this.#ranMono > awayMs) await clock.sleep(catchUpMs, this.#signal).catch(() => undefined);
      if (this.#signal.aborted) break;
      this.#woken = false;
      this.#ranMono = clock.mono();
      this.#decideAndPerform();
      // What was just begun may already have changed something; sensors and answers get their turn first.
      await Promise.resolve();
    }
    this.#performer.abortOperation('batond stops');
    const ending = Promise.all([...sensing, writing, this.#record.close()]).then(() => this.#deps.postgres.letGo());
    await within(clock, endsWithinMs, ending);
  }

  #wake(): void {
    this.#woken = true;
    this.#wakeUp.signal();
  }

  #view(): View {
    return assembleView(
      this.#deps.settings,
      this.#seen,
      this.#memory,
      this.#deps.coordinator.reachedMono(),
      this.#deps.clock.mono(),
      this.#deps.clock.wall(),
    );
  }

  /** Only what came in one transaction with the leader key says why that changed hands. */
  #noteOfTerm(): HandOverNote | null {
    const entry = this.#snapshot?.entries.get(handOverNoteKey);
    const term = this.#seen.cluster === null ? undefined : leading(this.#seen.cluster.state)?.term;
    return entry !== undefined && entry.modRevision === term ? parseHandOverNote(entry.value) : null;
  }

  // --- what arrives ----------------------------------------------------------------------------------------------

  #observe(observation: Observation): void {
    if (observation.kind === 'unreachable') {
      if (this.#etcdAnswers !== false) this.#deps.log.warn('etcd does not answer', { problem: observation.problem });
      this.#etcdAnswers = false;
      this.#seen.etcdUnreachable();
      return;
    }
    if (this.#etcdAnswers !== true) this.#deps.log.info('etcd answers', { revision: observation.snapshot.revision });
    this.#etcdAnswers = true;
    const { snapshot, confirmedMono } = observation;
    const changed = this.#snapshot?.revision !== snapshot.revision || this.#snapshot.entries !== snapshot.entries;
    this.#snapshot = snapshot;
    if (changed || this.#shown === null) this.#shown = this.#reader.read(snapshot);
    const state = this.#shown;
    if (!this.#memory.etcdPast.believes(state, this.#seen.cluster?.state ?? null)) {
      this.#seen.etcdUnreachable();
      return;
    }
    if (changed) this.#note = parseHandOverNote(snapshot.entries.get(handOverNoteKey)?.value);
    if (state.initialize.kind === 'present') this.#memory.sawClusterKnown();
    this.#memory.confirmedRead(confirmedMono);
    this.#memory.sawRequest(state.request.kind === 'present' ? state.request.value.id : null);
    const before = this.#seen.cluster === null ? null : leading(this.#seen.cluster.state);
    this.#seen.sawCluster(state, confirmedMono);
    if (changed) this.#record.sawSnapshot(snapshot);
    if (changed) this.#sayUnreadable(unreadable(state));
    this.#sensors.follow(this.#seen.addresses.keys());
    if (before?.term !== leading(state)?.term) this.#clientWrites.leaderChanged();
  }

  /** Each key that cannot be read is told once, and once more when it can. */
  #sayUnreadable(now: readonly string[]): void {
    const { log } = this.#deps;
    for (const problem of now)
      if (!this.#unreadable.includes(problem)) log.warn('a key in etcd cannot be read', { problem });
    for (const problem of this.#unreadable)
      if (!now.includes(problem)) log.info('a key in etcd was mended', { problem });
    this.#unreadable = now;
  }

  #sawGuardian(view: GuardianView): void {
    const before = this.#seen.guardian.child;
    this.#seen.sawGuardian(view);
    const { child } = view;
    if (child.kind === 'exited' && before.kind !== 'exited') {
      this.#memory.serverRunEnded();
      if (!child.exit.requested) {
        this.#memory.crashed();
        this.#memory.starts.runEnded(before, child.exit.atMono);
      }
      this.#performer.abortOperation('postgres ended');
      this.#sensors.postgresEnded();
    }
    this.#performer.guardianSpoke();
    if (child.kind === before.kind) return;
    if (child.kind === 'none') this.#memory.serverRunEnded();
    if (child.kind === 'running') this.#memory.ownServer.started();
    this.#performer.childChanged(child);
    this.#sensors.lookNow();
  }

  // --- the loop's body -------------------------------------------------------------------------------------------

  #decideAndPerform(): void {
    this.#memory.keepWhatWasRefused();
    if (this.#memory.lookedAtClocks()) {
      this.#deps.log.warn('the wall clock jumped: a leader confirms itself, or stops');
      this.#deps.coordinator.refresh();
    }
    this.#memory.sawServer(this.#seen.running?.value ?? null);
    const view = this.#view();
    const mine =
      view.coordinator.kind === 'read' && isMine(view, view.coordinator.state) ? leading(view.coordinator.state) : null;
    if (mine !== null && view.coordinator.kind === 'read' && claimed(view.coordinator.state, view.self.name))
      this.#memory.leads(mine.term);
    else this.#memory.leadsNot(mine !== null);
    const lead = view.coordinator.kind === 'read' ? leading(view.coordinator.state) : null;
    if (lead !== null && lead.key.member !== view.self.name) this.#memory.ownServer.ledElsewhere();
    this.#performer.tellRules(view);
    this.#sensors.doubting(leaderInDoubt(view));
    const decision = decide(view);
    const now: Moment = { view, decision, note: this.#note };
    const before = this.#latest;
    this.#latest = now;
    const doubted = this.#doubts.sees(view, decision);
    const acts = decision.intents.some((intent) => intent.kind === 'commit' || intent.kind === 'operate');
    if (before?.decision.rule !== decision.rule || acts) {
      this.#deps.journal.decided(view, decision);
      if (before?.decision.rule !== decision.rule) this.#deps.log.info(decision.because, { rule: decision.rule });
    } else if (doubted) this.#deps.journal.decided(view, decision, 'doubt');
    for (const fact of factsBetween(before, now)) this.#record.happened(fact);
    this.#clientWrites.outage(this.#record.outageGoesOn);
    for (const intent of decision.intents) this.#performer.perform(intent, view);
    this.#publisher.consider(view, this.#memory.lastLedTerm);
    this.#record.considered(view);
  }
}
