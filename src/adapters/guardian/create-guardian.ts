/**
 * Batond's side of its guardian: starts or adopts it, shows it life, and supervises it. A guardian that dies takes its
 * postmaster with it (the kernel's doing) and batond kills the rest; one that is silent is killed, to the same effect.
 */
import { join } from 'node:path';
import type { Ms } from '../../core/units.ts';
import type { GuardianView } from '../../core/view.ts';
import type { GuardianReport } from '../../ports/batond-link.ts';
import { fenceDirectory } from '../../ports/fence-directory.ts';
import type { GuardianCommand, GuardianPort } from '../../ports/guardian.ts';
import type { ProcessIdentity } from '../../ports/process-host.ts';
import type { GuardianHello } from '../../wire/guardian-protocol.ts';
import type { GuardianConnection } from './guardian-connection.ts';
import { GuardianProcesses, type GuardianProcessesOptions, same } from './guardian-processes.ts';
import { holdSession } from './guardian-session.ts';
import { ReportedView } from './reported-view.ts';

export type GuardianOptions = GuardianProcessesOptions;

/** How long the guardian has to report a fence done before batond kills as well. */
const fenceConfirmMs: Ms = 500;
const reconnectMinMs: Ms = 2;
const reconnectMaxMs: Ms = 50;
/** Linux takes no longer address of a unix socket. */
const socketPathBytesMax = 107;

/** Throws an Error when the state directory's path is too long for a socket in it. */
export function createGuardian(options: GuardianOptions): GuardianPort {
  const path = join(options.program.spec.stateDir, 'guardian.sock');
  if (Buffer.byteLength(path) > socketPathBytesMax) {
    throw new Error(
      `${path} is longer than the ${socketPathBytesMax} bytes that a socket's address may have: choose a shorter state directory`,
    );
  }
  const keeper = new GuardianKeeper(options, path);
  return {
    run: (observe, signal) => keeper.run(observe, signal),
    send: (command) => keeper.send(command),
    fence: (reason) => keeper.fence(reason),
  };
}

class GuardianKeeper {
  readonly #options: GuardianOptions;
  readonly #path: string;
  readonly #processes: GuardianProcesses;
  readonly #view: ReportedView;
  #observe: (view: GuardianView) => void = () => undefined;
  /** Open: the guardian on it has introduced itself. */
  #connection: GuardianConnection | null = null;
  /** The guardian that answered last, until it is known to be dead. */
  #known: ProcessIdentity | null = null;
  #rules: GuardianCommand | null = null;
  #role: GuardianCommand | null = null;
  #localFence: AbortController | null = null;

  constructor(options: GuardianOptions, path: string) {
    this.#options = options;
    this.#path = path;
    this.#processes = new GuardianProcesses(options);
    this.#view = new ReportedView(options.clock.mono());
  }

  run(observe: (view: GuardianView) => void, signal: AbortSignal): void {
    this.#observe = observe;
    this.#keep(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  send(command: GuardianCommand): void {
    if (command.type === 'rules') this.#rules = command;
    if (command.type === 'lead' || command.type === 'follow') this.#role = command;
    if (this.#connection === null) return;
    if (command.type === 'start') {
      // Batond's own scans must not find the new postgres.
      this.#localFence?.abort(new Error('postgres is started'));
      this.#view.starting();
    }
    this.#connection.send(command);
  }

  fence(reason: string): void {
    if (this.#connection === null) {
      this.#fenceLocally(reason);
      return;
    }
    const { clock } = this.#options;
    const askedMono = clock.mono();
    this.#connection.send({ type: 'fence', reason });
    clock.timer(fenceConfirmMs, () => {
      if (!this.#view.endedSince(askedMono)) this.#fenceLocally(reason);
    });
  }

  /** One session after the other, until the signal aborts or the guardian has ended on purpose. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, log, silentMs } = this.#options;
    let lastOpenMono = clock.mono();
    let pauseMs = reconnectMinMs;
    while (!signal.aborted) {
      const helloLimitMs = this.#processes.patienceMs(this.#processes.living(this.#known));
      const session = { clock, path: this.#path, helloLimitMs, silentMs };
      const end = await holdSession(
        session,
        {
          opened: (connection, hello) => this.#opened(connection, hello),
          reported: (report) => this.#reported(report),
        },
        signal,
      );
      if (end.kind === 'detached') {
        this.#connection = null;
        return;
      }
      this.#closed();
      if (end.opened) {
        log('guardian-disconnected', { problem: end.problem });
        lastOpenMono = clock.mono();
        pauseMs = reconnectMinMs;
      }
      const living = this.#processes.living(this.#known);
      if (living === null) {
        if (this.#known !== null) this.#lost('the guardian is gone');
        if (this.#view.terminating) {
          log('guardian-terminated', {
            hint: 'it was told to end: restart batond to have postgres started and guarded again',
          });
          return;
        }
        this.#processes.spawnWhenDue();
      } else if (end.kind === 'silent' || this.#processes.isOverdue(living, lastOpenMono)) {
        log('guardian-killed', { pid: living.pid, problem: end.problem });
        this.#options.host.signal(living.pid, 'kill');
        this.#lost(end.problem);
        lastOpenMono = clock.mono();
      }
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, reconnectMaxMs);
    }
  }

  #opened(connection: GuardianConnection, hello: GuardianHello): void {
    const { clock, log, program } = this.#options;
    if (hello.dataDir !== program.spec.dataDir) {
      log('guardian-foreign', {
        problem: `the running guardian is of ${hello.dataDir}, not of ${program.spec.dataDir}: stop it first`,
      });
      connection.close();
      return;
    }
    const replaced = this.#known !== null && !same(this.#known, hello);
    if (replaced) this.#lost('another guardian answers');
    this.#known = { pid: hello.pid, startTicks: hello.startTicks };
    this.#connection = connection;
    this.#processes.answered();
    log('guardian-connected', { pid: hello.pid, protocol: hello.protocol });
    this.#view.setConnected(true, clock.mono());
    if (this.#rules !== null) connection.send(this.#rules);
    if (this.#role !== null) connection.send(this.#role);
    connection.send({ type: 'alive' });
    this.#tell();
  }

  #reported(report: GuardianReport): void {
    if (this.#connection === null) return;
    switch (report.type) {
      case 'alive':
        return;
      case 'refused':
        this.#options.log('guardian-refused', { command: report.command, problem: report.problem });
        this.#view.refused({ atMono: this.#options.clock.mono(), command: report.command, problem: report.problem });
        this.#tell();
        return;
      case 'renewed':
        this.#view.renewed(report.sentMono, report.ttlMs);
        break;
      case 'status':
        this.#view.take(report.status, this.#localFence !== null);
        break;
    }
    this.#tell();
  }

  #closed(): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.#view.setConnected(false, this.#options.clock.mono());
    this.#tell();
  }

  /** The guardian is dead or was just killed; the kernel kills its postmaster, batond what that leaves behind. */
  #lost(problem: string): void {
    this.#known = null;
    this.#view.guardianLost(this.#options.clock.mono());
    this.#fenceLocally(problem);
  }

  #fenceLocally(reason: string): void {
    if (this.#localFence !== null) return;
    const { clock, host, program, log } = this.#options;
    const own = new AbortController();
    this.#localFence = own;
    log('fence', { reason, by: 'batond' });
    this.#view.fencing(clock.mono());
    this.#tell();
    fenceDirectory(host, clock, program.spec.dataDir, own.signal).then(
      () => {
        this.#localFence = null;
        this.#view.fenced();
        log('fenced', { by: 'batond' });
        this.#tell();
      },
      () => {
        this.#localFence = null; // Overtaken by a start.
      },
    );
  }

  #tell(): void {
    this.#observe(this.#view.view);
  }
}
