/** Does what was decided: one transaction and one operation at a time, a fence before both, and word to the guardian. */
import { backing, sameBacking } from '../core/backing.ts';
import type { SharedConfig } from '../core/cluster.ts';
import { claimed, isMine, leading } from '../core/cluster-queries.ts';
import { promotionReason } from '../core/cooldown.ts';
import type { HandOverNote } from '../core/hand-over-note.ts';
import type { Intent, OperationSpec } from '../core/decision.ts';
import { absurd } from '../core/result.ts';
import { termStillOurs } from '../core/transactions.ts';
import type { MemberName, MonoMs, Ms, Revision } from '../core/units.ts';
import type { ChildView, View } from '../core/view.ts';
import type { GuardianCommand } from '../ports/guardian.ts';
import type { Upstream } from '../ports/postgres.ts';
import { type FenceOrder, fenceRemotely } from './fence-remotely.ts';
import type { Memory } from './memory.ts';
import type { Observations } from './observations.ts';
import { type OperationContext, runOperation } from './operations.ts';
import type { Sensors } from './sensors.ts';
import { Signalled } from './signalled.ts';
import type { SupervisorDeps } from './supervisor.ts';

/** etcd answers in milliseconds or, after the loss of its leader, not before an election: asking again is better. */
const commitLimitMs: Ms = 1_000;
const childCheckMs: Ms = 1_000;
/** A fence that was ordered is ordered again only when the guardian should have finished it long ago. */
const fenceAgainMs: Ms = 1_000;

type RoleCommand = Extract<GuardianCommand, { readonly type: 'lead' | 'follow' }>;

const sameRole = (one: RoleCommand, other: RoleCommand): boolean =>
  one.type === 'lead' && other.type === 'lead'
    ? one.term === other.term && sameBacking(one.backing, other.backing)
    : one.type === other.type;

export interface PerformerContext {
  readonly deps: SupervisorDeps;
  readonly seen: Observations;
  readonly memory: Memory;
  readonly sensors: Sensors;
  view(): View;
  /** The note that came with the leader key; null when nobody handed it over. */
  note(): HandOverNote | null;
  wake(): void;
}

export class Performer {
  readonly #context: PerformerContext;
  readonly #signal: AbortSignal;
  /** Also signalled when the operation under way is aborted: whoever waits looks at its signal. */
  readonly #childChanged: Signalled;
  #operation: AbortController | null = null;
  /** Said already: what fails again and again for one reason is logged once. */
  #failure: string | null = null;
  #roleTold: { readonly command: RoleCommand; readonly guardianSinceMono: MonoMs } | null = null;
  #rulesTold: { readonly policy: SharedConfig; readonly guardianSinceMono: MonoMs } | null = null;
  #fencingSinceMono: MonoMs | null = null;

  constructor(context: PerformerContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#childChanged = new Signalled(context.deps.clock, signal);
  }

  perform(intent: Intent, view: View): void {
    switch (intent.kind) {
      case 'fence':
        this.#fence(intent);
        break;
      case 'guard':
        this.#guard(intent.term, view);
        break;
      case 'commit':
        void this.#commit(intent);
        break;
      case 'operate':
        void this.#operate(intent.operation);
        break;
      case 'abort-operation':
        this.abortOperation(intent.reason);
        break;
      case 'fence-remote':
        void this.#fenceRemotely(intent);
        break;
      default:
        absurd(intent);
    }
  }

  abortOperation(reason: string): void {
    this.#operation?.abort(new Error(reason));
    this.#childChanged.signal();
  }

  /** The guardian says something else of its child than before. */
  childChanged(child: ChildView): void {
    if (child.kind === 'none') this.#fencingSinceMono = null;
    this.#roleTold = null;
  }

  /** Whatever the guardian said: operations that wait for it look again. */
  guardianSpoke(): void {
    this.#childChanged.signal();
  }

  /** The guardian keeps the lease by these; it is told again when they change and when it was replaced. */
  tellRules(view: View): void {
    if (!view.guardian.connected) return;
    const { policy } = view;
    const guardianSinceMono = view.guardian.sinceMono;
    if (this.#rulesTold?.policy === policy && this.#rulesTold.guardianSinceMono === guardianSinceMono) return;
    this.#rulesTold = { policy, guardianSinceMono };
    const { lease, guardian, failover } = policy;
    const rules = { ...lease, orphanMs: guardian.orphanMs, failsafeWindowMs: failover.failsafeWindowMs };
    this.#context.deps.guardian.send({ type: 'rules', rules });
  }

  #fence({ reason, blames }: Extract<Intent, { kind: 'fence' }>): void {
    const { clock, guardian, journal, postgres } = this.#context.deps;
    const nowMono = clock.mono();
    this.abortOperation(`fenced: ${reason}`);
    if (this.#fencingSinceMono !== null && nowMono - this.#fencingSinceMono < fenceAgainMs) return;
    if (this.#fencingSinceMono === null && blames !== undefined) this.#context.memory.crashed();
    if (blames === 'disk') this.#context.memory.ownServer.fencedForItsDisk();
    this.#fencingSinceMono = nowMono;
    journal.happened('fence', { reason });
    guardian.fence(reason);
    void postgres.letGo();
  }

  /** Tells the guardian whom it guards, whenever that or what backs it has changed. */
  #guard(term: Revision | null, view: View): void {
    const { guardian } = this.#context.deps;
    const leads = term !== null && view.coordinator.kind === 'read';
    if (!view.guardian.connected) return;
    const command: RoleCommand = leads
      ? { type: 'lead', term, backing: backing(view, view.coordinator.state) }
      : { type: 'follow' };
    const guardianSinceMono = view.guardian.sinceMono;
    const told = this.#roleTold;
    if (told !== null && told.guardianSinceMono === guardianSinceMono && sameRole(told.command, command)) return;
    this.#roleTold = { command, guardianSinceMono };
    guardian.send(command);
  }

  async #commit({ purpose, txn }: Extract<Intent, { kind: 'commit' }>): Promise<void> {
    const { deps, memory, wake } = this.#context;
    memory.commitBegins(purpose);
    const outcome = await deps.coordinator.commit(txn, commitLimitMs);
    memory.commitEnded(
      outcome,
      txn.writes.some((write) => write.key === 'sync'),
    );
    if (outcome.kind !== 'applied') {
      deps.journal.happened('commit-not-applied', { purpose, outcome });
      deps.coordinator.refresh();
    }
    wake();
  }

  async #operate(spec: OperationSpec): Promise<void> {
    const { deps, memory, seen, sensors, wake } = this.#context;
    const controller = new AbortController();
    this.#operation = controller;
    memory.operationBegins(spec);
    const outcome = await runOperation(
      spec,
      this.#operationContext(),
      AbortSignal.any([controller.signal, this.#signal]),
    );
    // The operation is over once what it changed has been seen: else the next decision would be made on what was before.
    const endedMono = deps.clock.mono();
    await sensors.lookOnce();
    this.#operation = null;
    deps.journal.happened('operation-ended', { operation: spec.kind, outcome });
    if (!outcome.ok && outcome.problem !== this.#failure)
      deps.log.warn(`${spec.kind} failed`, { problem: outcome.problem });
    this.#failure = outcome.ok ? null : outcome.problem;
    memory.operationEnded({ spec, atMono: endedMono, outcome });
    if (spec.kind === 'initialize' || spec.kind === 'clone' || spec.kind === 'rejoin')
      // A rewind that broke off has changed the data, too: nobody may claim on what was there before.
      seen.directoryTouched(outcome.ok || spec.kind === 'rejoin');
    sensors.lookNow();
    wake();
  }

  /** Beside whatever operation is under way: it touches another host. */
  async #fenceRemotely(order: FenceOrder): Promise<void> {
    const { deps, memory, view, wake } = this.#context;
    const { clock, coordinator, peers, postgres, settings, journal, log } = deps;
    const { target, term, drain } = order;
    const ended = memory.formerLeader.fenceBegins(term);
    journal.happened('remote-fence-begins', { target, term, drain });
    const outcome = await fenceRemotely(
      order,
      {
        clock,
        coordinator,
        peers,
        postgres,
        cluster: settings.cluster,
        endpointOf: (member) => this.#upstream(member),
        stillOurs: () => {
          const now = view();
          if (now.coordinator.kind !== 'read') return null;
          const { state } = now.coordinator;
          const ours = isMine(now, state) && claimed(state, settings.name) && leading(state)?.term === term;
          return ours ? termStillOurs(state) : null;
        },
      },
      this.#signal,
    );
    ended(outcome);
    journal.happened('remote-fence-ended', { target, term, outcome });
    log.warn(`remote fence of ${target.member}: ${outcome.kind}`, { ...outcome });
    wake();
  }

  #operationContext(): OperationContext {
    const { deps, seen, memory, view } = this.#context;
    const { clock, postgres, guardian, settings, newCopyId } = deps;
    return {
      clock,
      postgres,
      guardian,
      self: settings.name,
      upstream: (member) => this.#upstream(member),
      history: () => {
        const history = seen.cluster?.state.history;
        return history?.kind === 'present' ? history.value : [];
      },
      untilChild: (test, signal) => this.#untilChild(test, signal),
      mayPromote: () => {
        const now = view();
        return (
          now.coordinator.kind === 'read' &&
          now.memory.held.length === 0 &&
          isMine(now, now.coordinator.state) &&
          claimed(now.coordinator.state, settings.name)
        );
      },
      initializing: (copyId) => memory.initializing(copyId),
      leadershipKept: (term) => memory.leadershipKept(term),
      promotionReason: () => reasonOf(view(), this.#context.note()),
      newPromotionId: () => `${newCopyId()}${newCopyId()}`,
      progress: (text) => memory.operationProgress(text),
    };
  }

  #upstream(member: MemberName): Upstream | null {
    const record = this.#context.seen.addresses.get(member);
    return record === undefined ? null : { member, host: record.host, port: record.port };
  }

  async #untilChild(test: (child: ChildView) => boolean, signal: AbortSignal): Promise<ChildView> {
    const askedMono = this.#context.deps.clock.mono();
    const { seen } = this.#context;
    const { sinceMono } = seen.guardian;
    while (!test(seen.guardian.child)) {
      signal.throwIfAborted();
      if (seen.guardian.sinceMono !== sinceMono)
        throw new Error('the guardian was replaced meanwhile: what it was told is void');
      if (seen.guardian.refused !== null && seen.guardian.refused.atMono >= askedMono)
        throw new Error(seen.guardian.refused.problem);
      await this.#childChanged.wait(childCheckMs);
    }
    return seen.guardian.child;
  }
}

/** Why this member leads: what an operator asked for, what the leader that handed over said, or its own take-over. */
function reasonOf(view: View, note: HandOverNote | null): string {
  const request = view.coordinator.kind === 'read' ? view.coordinator.state.request : null;
  if (request?.kind === 'present' && request.value.candidate === view.self.name) {
    const { kind, by, reason } = request.value;
    return promotionReason(kind === 'switchover' ? 'switchover' : 'forced', reason === '' ? by : `${by}: ${reason}`);
  }
  if (note?.rule === 'hand-over-shutdown') return promotionReason('shutdown', note.from);
  return promotionReason('failover', note?.because ?? '');
}
