/**
 * The loop: observe → decide → journal → perform. Any fresh fact wakes it at once; it never waits for a probe, a disk
 * or a clone. What it decides is pure (core/decide.ts); what it does is here, one transaction and one operation at a time.
 */
import type { Txn } from '../core/transaction.ts';
import { backing } from '../core/backing.ts';
import { claimed, isMine, leading } from '../core/cluster-queries.ts';
import { decide } from '../core/decide.ts';
import type { Intent } from '../core/decision.ts';
import { parseHandOverNote, handOverNoteKey } from '../core/hand-over-note.ts';
import { absurd } from '../core/result.ts';
import type { MemberName, MonoMs, Ms, Revision } from '../core/units.ts';
import type { ChildView, GuardianView, View } from '../core/view.ts';
import type { Observation, Snapshot } from '../ports/coordinator.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import type { Upstream } from '../ports/postgres.ts';
import { parseCluster } from '../wire/cluster-keys.ts';
import { assembleView } from './assemble-view.ts';
import { ClientWrites } from './client-writes.ts';
import { IncidentKeeper } from './incident-keeper.ts';
import { Memory } from './memory.ts';
import { Observations } from './observations.ts';
import { type OperationContext, runOperation } from './operations.ts';
import { factsBetween, type Moment } from './outage-facts.ts';
import { Publisher } from './publisher.ts';
import { Requests } from './requests.ts';
import { Sensors } from './sensors.ts';
import { Signalled } from './signalled.ts';
import type { RunSupervisor, SupervisorDeps } from './supervisor.ts';

/** Rules that only time makes true are seen this often. */
const tickMs: Ms = 50;
const commitLimitMs: Ms = 1_000;

export const runSupervisor: RunSupervisor = (deps, signal) => {
  const supervisor = new Supervisor(deps, signal);
  return { face: supervisor.face(), ended: supervisor.run() };
};

class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #signal: AbortSignal;
  readonly #wakeUp = new Signalled();
  #woken = true;
  readonly #seen: Observations;
  readonly #memory: Memory;
  readonly #sensors: Sensors;
  readonly #clientWrites: ClientWrites;
  readonly #publisher: Publisher;
  readonly #requests: Requests;
  readonly #keeper: IncidentKeeper;
  readonly #childChanged = new Signalled();
  #snapshot: Snapshot | null = null;
  #latest: Moment | null = null;
  #ranMono: MonoMs;
  #operation: AbortController | null = null;
  #guarded: string | null = null;
  #rulesTold: string | null = null;
  #fencing: MonoMs | null = null;
  /** Null before the first answer or failure: each change is logged once. */
  #etcdAnswers: boolean | null = null;

  constructor(deps: SupervisorDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
    this.#ranMono = deps.clock.mono();
    this.#seen = new Observations(deps.clock, () => this.#wake());
    this.#memory = new Memory(deps.clock, deps.kept, deps.newCopyId, (error) =>
      deps.log.error('state/kept.json cannot be written', { problem: error instanceof Error ? error.message : String(error) }));
    this.#keeper = new IncidentKeeper({
      cluster: deps.settings.cluster, member: deps.settings.name, clock: deps.clock, coordinator: deps.coordinator,
      journal: deps.journal, ledger: deps.ledger, promisesOf: deps.promisesOf,
    });
    this.#clientWrites = new ClientWrites(deps, this.#seen, () => this.#view(), (fact) => this.#keeper.record(fact));
    this.#sensors = new Sensors({ deps, seen: this.#seen, view: () => this.#view() }, signal);
    this.#publisher = new Publisher(deps);
    this.#requests = new Requests({
      clock: deps.clock, coordinator: deps.coordinator, newId: () => `${deps.newCopyId()}${deps.newCopyId()}`,
      latest: () => this.#latest, snapshot: () => this.#snapshot,
    });
  }

  face(): DaemonFace {
    return {
      cluster: this.#deps.settings.cluster,
      version: this.#deps.version,
      latest: () => (this.#latest === null ? null : { view: this.#latest.view, decision: this.#latest.decision, wall: this.#latest.view.nowWall }),
      loopAgeMs: () => this.#deps.clock.mono() - this.#ranMono,
      incidents: () => this.#keeper.incidents(),
      submit: (draft) => this.#requests.submit(draft),
      progress: (id) => this.#requests.progress(id),
    };
  }

  async run(): Promise<void> {
    const { coordinator, guardian, clock } = this.#deps;
    coordinator.follow((observation) => this.#observe(observation), this.#signal);
    guardian.run((view) => this.#sawGuardian(view), this.#signal);
    const sensing = this.#sensors.start();
    const writing = this.#clientWrites.run(this.#signal);
    while (!this.#signal.aborted) {
      if (!this.#woken) await this.#wakeUp.wait(clock, tickMs, this.#signal);
      if (this.#signal.aborted) break;
      this.#woken = false;
      this.#ranMono = clock.mono();
      this.#decideAndPerform();
      // What was just begun may already have changed something; sensors and answers get their turn first.
      await Promise.resolve();
    }
    this.#operation?.abort(new Error('batond stops'));
    await Promise.all([...sensing, writing]);
    await this.#deps.postgres.letGo();
  }

  #wake(): void {
    this.#woken = true;
    this.#wakeUp.signal();
  }

  #view(): View {
    return assembleView(this.#deps.settings, this.#seen, this.#memory, this.#deps.clock.mono(), this.#deps.clock.wall());
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
    const state = changed || this.#seen.cluster === null ? parseCluster(snapshot, this.#deps.parseConfig) : this.#seen.cluster.state;
    this.#memory.sawEtcd(snapshot.etcdClusterId, snapshot.revision, leading(state)?.term ?? null);
    this.#memory.confirmedRead(confirmedMono);
    const before = this.#seen.cluster === null ? null : leading(this.#seen.cluster.state);
    this.#seen.sawCluster(state, confirmedMono);
    if (changed) this.#keeper.sawSnapshot(snapshot);
    this.#sensors.follow(state.members.keys());
    if (before?.term !== leading(state)?.term) this.#clientWrites.leaderChanged();
  }

  #sawGuardian(view: GuardianView): void {
    const before = this.#seen.guardian.child;
    this.#seen.sawGuardian(view);
    const { child } = view;
    if (child.kind === 'exited' && before.kind !== 'exited') {
      this.#memory.serverRunEnded();
      if (!child.exit.requested) this.#memory.crashed();
      this.#operation?.abort(new Error('postgres ended'));
    }
    if (child.kind !== before.kind) {
      if (child.kind === 'none') {
        this.#memory.serverRunEnded();
        this.#fencing = null;
      }
      this.#guarded = null;
      this.#sensors.lookNow();
    }
    this.#childChanged.signal();
  }

  // --- the loop's body -------------------------------------------------------------------------------------------

  #decideAndPerform(): void {
    const view = this.#view();
    const mine = view.coordinator.kind === 'read' && isMine(view, view.coordinator.state) ? leading(view.coordinator.state) : null;
    if (mine !== null && view.coordinator.kind === 'read' && claimed(view.coordinator.state, view.self.name)) this.#memory.leads(mine.term);
    else this.#memory.leadsNot(mine !== null);
    this.#tellRules(view);
    const decision = decide(view);
    const note = parseHandOverNote(this.#snapshot?.entries.get(handOverNoteKey)?.value);
    const now: Moment = { view, decision, note };
    const before = this.#latest;
    this.#latest = now;
    if (before === null || before.decision.rule !== decision.rule || decision.intents.some((intent) => intent.kind !== 'guard')) {
      this.#deps.journal.decided(view, decision);
      if (before?.decision.rule !== decision.rule) this.#deps.log.info(decision.because, { rule: decision.rule });
    }
    for (const fact of factsBetween(before, now)) this.#keeper.record(fact);
    this.#clientWrites.outage(this.#keeper.open);
    for (const intent of decision.intents) this.#perform(intent, view);
    this.#publisher.consider(view, this.#memory.lastLedTerm);
  }

  #perform(intent: Intent, view: View): void {
    switch (intent.kind) {
      case 'fence':
        return this.#fence(intent.reason);
      case 'guard':
        return this.#guard(intent.term, view);
      case 'commit':
        void this.#commit(intent.purpose, intent.txn);
        return;
      case 'operate':
        void this.#operate(intent.operation);
        return;
      case 'abort-operation':
        this.#operation?.abort(new Error(intent.reason));
        return;
      default:
        return absurd(intent);
    }
  }

  #fence(reason: string): void {
    const now = this.#deps.clock.mono();
    this.#operation?.abort(new Error(`fenced: ${reason}`));
    if (this.#fencing !== null && now - this.#fencing < fenceAgainMs) return;
    this.#fencing = now;
    this.#deps.journal.happened('fence', { reason });
    this.#deps.guardian.fence(reason);
    void this.#deps.postgres.letGo();
  }

  /** Tells the guardian whom it guards, whenever that or what backs it has changed. */
  #guard(term: Revision | null, view: View): void {
    if (term === null || view.coordinator.kind !== 'read') {
      this.#tellGuardian('follow', () => this.#deps.guardian.send({ type: 'follow' }));
      return;
    }
    const by = backing(view, view.coordinator.state);
    this.#tellGuardian(JSON.stringify([term, by]), () => this.#deps.guardian.send({ type: 'lead', term, backing: by }));
  }

  #tellGuardian(what: string, tell: () => void): void {
    const whole = JSON.stringify([what, this.#seen.guardian.sinceMono]);
    if (this.#guarded === whole || !this.#seen.guardian.connected) return;
    this.#guarded = whole;
    tell();
  }

  /** The guardian keeps the lease by these; it is told again when they change and when it was replaced. */
  #tellRules(view: View): void {
    if (!view.guardian.connected) return;
    const { lease, guardian, failover } = view.policy;
    const rules = { ...lease, orphanMs: guardian.orphanMs, failsafeWindowMs: failover.failsafeWindowMs };
    const whole = JSON.stringify([rules, view.guardian.sinceMono]);
    if (this.#rulesTold === whole) return;
    this.#rulesTold = whole;
    this.#deps.guardian.send({ type: 'rules', rules });
  }

  // --- transactions and operations -------------------------------------------------------------------------------

  async #commit(purpose: Extract<Intent, { kind: 'commit' }>['purpose'], txn: Txn): Promise<void> {
    this.#memory.commitBegins(purpose);
    const outcome = await this.#deps.coordinator.commit(txn, commitLimitMs);
    const writesSync = txn.writes.some((write) => write.key === 'sync');
    this.#memory.commitEnded(outcome, writesSync);
    if (outcome.kind !== 'applied') {
      this.#deps.journal.happened('commit-not-applied', { purpose, outcome });
      this.#deps.coordinator.refresh();
    }
    this.#wake();
  }

  async #operate(spec: Parameters<typeof runOperation>[0]): Promise<void> {
    const controller = new AbortController();
    this.#operation = controller;
    this.#memory.operationBegins(spec);
    const outcome = await runOperation(spec, this.#operationContext(), AbortSignal.any([controller.signal, this.#signal]));
    // The operation is over once what it changed has been seen: else the next decision would be made on what was before.
    const endedMono = this.#deps.clock.mono();
    await this.#sensors.lookOnce();
    this.#operation = null;
    this.#deps.journal.happened('operation-ended', { operation: spec.kind, outcome });
    this.#memory.operationEnded({ spec, atMono: endedMono, outcome });
    if (spec.kind === 'initialize' || spec.kind === 'clone' || spec.kind === 'rejoin') this.#seen.forgetInspection();
    this.#sensors.lookNow();
    this.#wake();
  }

  #operationContext(): OperationContext {
    const { clock, postgres, guardian, settings, newCopyId } = this.#deps;
    return {
      clock, postgres, guardian, self: settings.name,
      upstream: (member) => this.#upstream(member),
      history: () => {
        const history = this.#seen.cluster?.state.history;
        return history?.kind === 'present' ? history.value : [];
      },
      untilChild: (test, signal) => this.#untilChild(test, signal),
      mayPromote: () => {
        const view = this.#view();
        return view.coordinator.kind === 'read' && isMine(view, view.coordinator.state) && claimed(view.coordinator.state, settings.name);
      },
      initializing: (copyId) => this.#memory.initializing(copyId),
      newPromotionId: () => `${newCopyId()}${newCopyId()}`,
      progress: (text) => this.#memory.operationProgress(text),
    };
  }

  #upstream(member: MemberName): Upstream | null {
    const record = this.#seen.knownMembers.get(member);
    return record === undefined ? null : { member, host: record.host, port: record.port };
  }

  async #untilChild(test: (child: ChildView) => boolean, signal: AbortSignal): Promise<ChildView> {
    while (!test(this.#seen.guardian.child)) {
      signal.throwIfAborted();
      await this.#childChanged.wait(this.#deps.clock, childCheckMs, signal);
    }
    return this.#seen.guardian.child;
  }
}

const childCheckMs: Ms = 1_000;
/** A fence that was ordered is ordered again only when the guardian should have finished it long ago. */
const fenceAgainMs: Ms = 1_000;
