/**
 * batond's side of the guardian, as the production's adapter keeps it, without its sockets: adopts the guardian that
 * runs or starts one, shows life, and replaces one that is dead or silent. What batond believes is the adapter's own view.
 */
import { ReportedView } from '../../../src/adapters/guardian/reported-view.ts';
import { elapsed, type MonoMs, type Ms } from '../../../src/core/units.ts';
import type { GuardianView } from '../../../src/core/view.ts';
import type { GuardianReport } from '../../../src/ports/batond-link.ts';
import { fenceDirectory } from '../../../src/ports/fence-directory.ts';
import type { GuardianCommand, GuardianPort } from '../../../src/ports/guardian.ts';
import type { ProcessHost } from '../../../src/ports/process-host.ts';
import type { SimProcess } from './host.ts';
import type { Random } from '../clock/random.ts';
import type { SimGuardian } from './sim-guardian.ts';

export interface GuardianLinkOptions {
  readonly batond: SimProcess;
  readonly processHost: ProcessHost;
  readonly dataDir: string;
  readonly silentMs: Ms;
  readonly random: Random;
  /** The living guardian of this host; null when there is none. */
  readonly guardian: () => SimGuardian | null;
  readonly spawn: () => void;
}

const aliveEveryMs: Ms = 1_000;
const ownStallMs: Ms = 500;
const retryMs: Ms = 20;
const fenceConfirmMs: Ms = 500;
const socketDelayMs: Ms = 0.25;

export class FakeGuardianLink implements GuardianPort {
  readonly #options: GuardianLinkOptions;
  readonly #view: ReportedView;
  #observe: (view: GuardianView) => void = () => {};
  #socket: ReturnType<SimGuardian['connect']> = null;
  #adopted: SimGuardian | null = null;
  #heardMono: MonoMs;
  #supervisedMono: MonoMs;
  #stopped = false;
  #rules: GuardianCommand | null = null;
  #role: GuardianCommand | null = null;
  #localFence: AbortController | null = null;

  constructor(options: GuardianLinkOptions) {
    this.#options = options;
    this.#view = new ReportedView(options.batond.clock.mono());
    this.#heardMono = options.batond.clock.mono();
    this.#supervisedMono = this.#heardMono;
  }

  run(observe: (view: GuardianView) => void, signal: AbortSignal): void {
    this.#observe = observe;
    signal.addEventListener('abort', () => {
      this.#stopped = true;
      this.#socket?.close();
    });
    this.#adopt();
    this.#supervise();
  }

  send(command: GuardianCommand): void {
    if (command.type === 'rules') this.#rules = command;
    if (command.type === 'lead' || command.type === 'follow') this.#role = command;
    if (this.#socket === null) return;
    if (command.type === 'start') {
      this.#localFence?.abort(new Error('postgres is started'));
      this.#view.starting();
    }
    this.#socket.send(command);
  }

  fence(reason: string): void {
    if (this.#socket === null) {
      this.#fenceLocally();
      return;
    }
    const { clock } = this.#options.batond;
    const askedMono = clock.mono();
    this.#socket.send({ type: 'fence', reason });
    clock.timer(fenceConfirmMs, () => {
      if (!this.#view.endedSince(askedMono)) this.#fenceLocally();
    });
  }

  /** What the kernel does with the sockets of a process that ends. */
  disconnect(): void {
    this.#socket?.close();
  }

  #adopt(): void {
    if (this.#stopped || this.#socket !== null) return;
    const { batond, guardian, spawn, random } = this.#options;
    const found = guardian();
    if (found === null) {
      spawn();
      batond.clock.timer(random.between(80, 200), () => this.#adopt());
      return;
    }
    const socket = found.connect({
      report: (report) => batond.clock.timer(socketDelayMs, () => this.#reported(found, report)),
      closed: () => batond.run(() => this.#lost(found)),
    });
    if (socket === null) {
      batond.clock.timer(retryMs, () => this.#adopt());
      return;
    }
    this.#socket = socket;
    this.#adopted = found;
    this.#heardMono = batond.clock.mono();
    this.#view.setConnected(true, batond.clock.mono());
    if (this.#rules !== null) socket.send(this.#rules);
    if (this.#role !== null) socket.send(this.#role);
    socket.send({ type: 'alive' });
    this.#tell();
  }

  #reported(from: SimGuardian, report: GuardianReport): void {
    if (this.#adopted !== from || this.#stopped) return;
    const mono = this.#options.batond.clock.mono();
    this.#heardMono = mono;
    if (report.type === 'status') this.#view.take(report.status, this.#localFence !== null);
    else if (report.type === 'renewed') this.#view.renewed(report.sentMono, report.ttlMs);
    else if (report.type === 'refused')
      this.#view.refused({ atMono: mono, command: report.command, problem: report.problem });
    this.#tell();
  }

  /** The guardian is dead: so is its postmaster, and what else is left of it is killed from here. */
  #lost(from: SimGuardian): void {
    if (this.#adopted !== from || this.#stopped) return;
    const { clock } = this.#options.batond;
    this.#adopted = null;
    this.#socket = null;
    this.#view.setConnected(false, clock.mono());
    this.#view.guardianLost(clock.mono());
    this.#fenceLocally();
    this.#adopt();
  }

  #fenceLocally(): void {
    if (this.#localFence !== null) return;
    const { batond, processHost, dataDir } = this.#options;
    const own = new AbortController();
    this.#localFence = own;
    this.#view.fencing(batond.clock.mono());
    this.#tell();
    fenceDirectory(processHost, batond.clock, dataDir, own.signal).then(
      () => {
        this.#localFence = null;
        this.#view.fenced();
        this.#tell();
      },
      () => {
        this.#localFence = null;
      },
    );
  }

  #supervise(): void {
    if (this.#stopped) return;
    const { clock } = this.#options.batond;
    clock.timer(aliveEveryMs, () => this.#supervise());
    this.#socket?.send({ type: 'alive' });
    const nowMono = clock.mono();
    // As the real session does: a watch that fires late shows a stall of batond itself, and proves nothing of the guardian.
    if (elapsed(this.#supervisedMono, nowMono) >= aliveEveryMs + ownStallMs) this.#heardMono = nowMono;
    this.#supervisedMono = nowMono;
    const silentMs = elapsed(this.#heardMono, nowMono);
    if (this.#adopted !== null && silentMs > this.#options.silentMs + aliveEveryMs) this.#adopted.kill();
  }

  #tell(): void {
    this.#observe(this.#view.view);
  }
}
