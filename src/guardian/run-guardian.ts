/**
 * The guardian's loop: on every event, and when the policy wants to be asked again, decide and act until there is
 * nothing left to do. It waits for nothing but ports, so that the simulator runs this very code on virtual time.
 */
import { decideGuardian, type GuardianDecision, whyFenced } from '../core/guardian-policy.ts';
import { judgeStart } from '../core/guardian-start.ts';
import type { GuardianRules, GuardianState } from '../core/guardian-state.ts';
import { absurd } from '../core/result.ts';
import type { LeaseView } from '../core/view.ts';
import type { MonoMs } from '../core/units.ts';
import type { GuardianStatus } from '../ports/batond-link.ts';
import type { GuardianCommand } from '../ports/guardian.ts';
import type { Guardian, GuardianDeps } from './guardian-deps.ts';
import { GuardedTerm } from './guarded-term.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LoopLog } from './loop-log.ts';
import { OwnedChild } from './owned-child.ts';
import { SuspendWatch } from './suspend-watch.ts';

/** No run of actions without an event between them is longer; a longer one is a mistake in the policy. */
const actionsMax = 16;

export function runGuardian(deps: GuardianDeps, signal: AbortSignal): Guardian {
  const loop = new GuardianLoop(deps, signal);
  return { terminate: () => loop.terminate(), ended: loop.run() };
}

class GuardianLoop {
  readonly #deps: GuardianDeps;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #child: OwnedChild;
  readonly #suspends: SuspendWatch;
  readonly #done = Promise.withResolvers<void>();
  #leases: LeaseKeeper | null = null;
  #rules: GuardianRules | null = null;
  readonly #term = new GuardedTerm();
  readonly #log: LoopLog;
  #batond: GuardianState['batond'];
  #terminatingSinceMono: MonoMs | null = null;
  #cancelTimer = (): void => undefined;
  /** A stop or a fence overtakes a start that is still looking at the data directory. */
  #ends = 0;
  #deciding = false;
  /** What was said last; null when it is to be said again. */
  #reported: GuardianStatus | null = null;

  constructor(deps: GuardianDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#log = new LoopLog(deps.log);
    // One scope, not a signal made of two: it is asked at every event.
    this.#signal = this.#stop.signal;
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true });
    if (signal.aborted) this.#stop.abort(signal.reason);
    this.#batond = { connected: false, heardMono: deps.clock.mono() };
    this.#suspends = new SuspendWatch(deps.clock);
    this.#child = new OwnedChild({
      clock: deps.clock,
      host: deps.host,
      dataDir: deps.dataDir,
      changed: () => this.#turn(),
      signal: this.#signal,
    });
  }

  async run(): Promise<void> {
    const { clock, kept, leases: store, link, newLeaseId } = this.#deps;
    const keptId = await kept.read();
    if (this.#signal.aborted) return;
    this.#leases = new LeaseKeeper(
      {
        clock,
        store,
        kept,
        newLeaseId,
        bootAheadMs: () => this.#suspends.aheadMs(),
        changed: () => this.#turn(),
        renewed: (sentMono, ttlMs) => {
          this.#log.well();
          this.#deps.link.report({ type: 'renewed', sentMono, ttlMs });
        },
        problem: (what, problem) => this.#log.failing(what, problem),
        signal: this.#signal,
      },
      keptId,
    );
    this.#signal.addEventListener(
      'abort',
      () => {
        this.#cancelTimer();
        this.#done.resolve();
      },
      { once: true },
    );
    link.listen(
      {
        connected: () =>
          this.#heard(() => {
            this.#batond = { ...this.#batond, connected: true };
            this.#reported = null;
          }),
        disconnected: () => {
          this.#batond = { ...this.#batond, connected: false };
          this.#turn();
        },
        command: (command) => this.#heard(() => this.#obey(command)),
      },
      this.#signal,
    );
    this.#turn();
    return this.#done.promise;
  }

  terminate(): void {
    this.#terminatingSinceMono ??= this.#deps.clock.mono();
    this.#turn();
  }

  #heard(then: () => void): void {
    this.#batond = { ...this.#batond, heardMono: this.#deps.clock.mono() };
    then();
    this.#turn();
  }

  #state(leases: LeaseKeeper): GuardianState {
    return {
      rules: this.#rules,
      lease: leases.lease,
      revoking: leases.revoking,
      child: this.#child.view,
      stopByMono: this.#child.stopByMono,
      fencing: this.#child.fencing,
      leading: this.#term.lead,
      batond: this.#batond,
      suspendSeenMono: this.#suspends.look(),
      bootAheadMs: this.#suspends.aheadMs(),
      terminatingSinceMono: this.#terminatingSinceMono,
    };
  }

  /** Decides and acts until nothing is due. An event that arrives meanwhile is seen by the next decision of this turn. */
  #turn(): void {
    if (this.#deciding || this.#leases === null || this.#signal.aborted) return;
    this.#deciding = true;
    try {
      for (let actions = 0; ; actions += 1) {
        if (actions > actionsMax) throw new Error(`the guardian's policy does not come to rest: ${this.#log.lastRule}`);
        this.#term.settle(this.#child.view);
        const decision = decideGuardian(this.#state(this.#leases), this.#deps.clock.mono());
        this.#log.decided(decision);
        if (decision.action.kind === 'wait') {
          this.#arm(decision.wakeAtMono);
          break;
        }
        this.#act(decision, this.#leases);
        if (this.#signal.aborted) return;
      }
    } finally {
      this.#deciding = false;
    }
    this.#report(this.#leases);
  }

  #act(decision: GuardianDecision, leases: LeaseKeeper): void {
    const { action } = decision;
    switch (action.kind) {
      case 'wait':
        return;
      case 'fence':
        this.#child.fence(whyFenced(decision));
        return;
      case 'stop':
        this.#child.stop(action.mode, action.limitMs);
        return;
      case 'grant':
        if (this.#rules !== null) leases.grant(this.#rules.ttlMs);
        return;
      case 'renew':
        leases.renew();
        return;
      case 'revoke':
        this.#term.drop();
        leases.revoke();
        return;
      case 'exit':
        this.#report(leases);
        this.#stop.abort(new Error('the guardian was told to terminate'));
        return;
      default:
        absurd(action);
    }
  }

  #obey(command: GuardianCommand): void {
    switch (command.type) {
      case 'rules':
        this.#rules = command.rules;
        return;
      case 'alive':
        this.#deps.link.report({ type: 'alive' });
        return;
      case 'start':
        void this.#start(command);
        return;
      case 'stop':
        this.#deps.log('stop', { mode: command.mode, limitMs: command.limitMs, reason: command.reason });
        this.#ends += 1;
        this.#child.stop(command.mode, command.limitMs);
        return;
      case 'fence':
        this.#ends += 1;
        this.#deps.log('fence', { reason: command.reason });
        this.#child.fence(null);
        return;
      case 'lead':
        if (!this.#term.tell(command.term, command.backing, this.#leases?.leaseId ?? null)) {
          this.#refuse('lead', `term ${command.term} is over`);
        }
        return;
      case 'follow':
        this.#term.end(this.#child.view);
        return;
      default:
        absurd(command);
    }
  }

  async #start(command: Extract<GuardianCommand, { type: 'start' }>): Promise<void> {
    const { clock, host, log } = this.#deps;
    const ends = this.#ends;
    const marks = await host.readMarks(command.command.dataDir).catch((error: unknown) => String(error));
    if (this.#signal.aborted || this.#leases === null) return;
    if (typeof marks === 'string') return this.#refuse('start', marks);
    if (ends !== this.#ends) return this.#refuse('start', 'a stop or a fence came after it');
    if (command.command.dataDir !== this.#deps.dataDir) {
      return this.#refuse('start', `this guardian is of ${this.#deps.dataDir}, not of ${command.command.dataDir}`);
    }
    const verdict = judgeStart(this.#state(this.#leases), command, marks, clock.mono());
    if (!verdict.ok) return this.#refuse('start', verdict.error);
    if (command.as === 'primary' && command.term !== null) {
      this.#term.tell(command.term, this.#term.backingIn(command.term), this.#leases.leaseId);
    }
    const started = this.#child.start(command.as, command.command);
    if (!started.ok) return this.#refuse('start', started.error);
    log('started', { as: command.as, term: command.term, child: this.#child.view });
    this.#turn();
  }

  #refuse(command: GuardianCommand['type'], problem: string): void {
    this.#deps.log('refused', { command, problem });
    this.#deps.link.report({ type: 'refused', command, problem });
  }

  #arm(wakeAtMono: MonoMs | null): void {
    this.#cancelTimer();
    if (wakeAtMono === null) return;
    const { clock } = this.#deps;
    this.#cancelTimer = clock.timer(Math.max(0, wakeAtMono - clock.mono()), () => this.#turn());
  }

  /** Renewals are reported as they are confirmed; the rest whenever it is another than was said last. */
  #report(leases: LeaseKeeper): void {
    const status: GuardianStatus = {
      lease: leases.view,
      child: this.#child.view,
      terminating: this.#terminatingSinceMono !== null,
    };
    if (this.#reported !== null && sameStatus(this.#reported, status)) return;
    this.#reported = status;
    this.#deps.log('status', { ...status });
    this.#deps.link.report({ type: 'status', status });
  }
}

/** The child's view is another object once anything about it has changed. When a lease was renewed is told by itself. */
const sameStatus = (one: GuardianStatus, other: GuardianStatus): boolean =>
  one.child === other.child && one.terminating === other.terminating && sameLease(one.lease, other.lease);

function sameLease(one: LeaseView, other: LeaseView): boolean {
  if (one.kind === 'held' && other.kind === 'held') return one.leaseId === other.leaseId && one.ttlMs === other.ttlMs;
  if (one.kind === 'gone' && other.kind === 'gone') return one.leaseId === other.leaseId;
  return one.kind === other.kind;
}
