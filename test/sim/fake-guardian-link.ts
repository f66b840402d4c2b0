/**
 * batond's side of the guardian: adopts the one that runs or starts one, shows life, and replaces one that is dead or
 * silent. What a dead one left running is reported as `exited`, and fenced from here.
 */
import type { Ms } from '../../src/core/units.ts';
import type { ChildView, GuardianView } from '../../src/core/view.ts';
import type { GuardianReport } from '../../src/ports/batond-link.ts';
import { fenceDirectory } from '../../src/ports/fence-directory.ts';
import type { GuardianPort } from '../../src/ports/guardian.ts';
import type { ProcessHost } from '../../src/ports/process-host.ts';
import type { SimProcess } from './host.ts';
import type { Random } from './random.ts';
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
const retryMs: Ms = 20;
const fenceConfirmMs: Ms = 500;

export function createFakeGuardianLink(options: GuardianLinkOptions): GuardianPort & { disconnect(): void } {
  const { batond, processHost, dataDir, guardian, spawn, silentMs, random } = options;
  const { clock } = batond;
  let observe: (view: GuardianView) => void = () => {};
  let view: GuardianView = { connected: false, sinceMono: clock.mono(), lease: { kind: 'none' }, child: { kind: 'unknown' } };
  let socket: ReturnType<SimGuardian['connect']> = null;
  let adopted: SimGuardian | null = null;
  let heardMono = clock.mono();
  let stopped = false;

  const show = (change: Partial<GuardianView>) => {
    const connected = change.connected ?? view.connected;
    view = { ...view, ...change, sinceMono: connected === view.connected ? view.sinceMono : clock.mono() };
    observe(view);
  };

  const report = (from: SimGuardian, message: GuardianReport) =>
    batond.run(() => {
      if (adopted !== from || stopped) return;
      heardMono = clock.mono();
      if (message.type === 'status') show({ connected: true, ...message.status });
      else if (message.type === 'renewed' && view.lease.kind === 'held') {
        show({ lease: { ...view.lease, ttlMs: message.ttlMs, confirmedSentMono: message.sentMono } });
      }
    });

  function adopt(): void {
    if (stopped || socket !== null) return;
    const found = guardian();
    if (found === null) {
      spawn();
      clock.timer(random.between(80, 200), adopt);
      return;
    }
    adopted = found;
    heardMono = clock.mono();
    socket = found.connect({
      report: (message) => clock.timer(0.2, () => report(found, message)),
      closed: () => batond.run(() => lost(found)),
    });
    if (socket === null) {
      adopted = null;
      clock.timer(retryMs, adopt);
    }
  }

  /** The guardian is dead: so is its postmaster, and what else is left of it is killed from here. */
  function lost(from: SimGuardian): void {
    if (adopted !== from || stopped) return;
    adopted = null;
    socket = null;
    const gone: ChildView = { kind: 'exited', exit: { atMono: clock.mono(), code: null, signal: 'SIGKILL', requested: false } };
    show({ connected: false, lease: { kind: 'none' }, child: view.child.kind === 'none' ? view.child : gone });
    void fenceHere().then(() => {
      if (adopted === null && view.child.kind === 'exited') show({ child: { kind: 'none', lastExit: gone.exit } });
    });
    adopt();
  }

  const fenceHere = () => fenceDirectory(processHost, clock, dataDir, new AbortController().signal);

  function supervise(): void {
    if (stopped) return;
    clock.timer(aliveEveryMs, supervise);
    socket?.send({ type: 'alive' });
    if (adopted !== null && clock.mono() - heardMono > silentMs + aliveEveryMs) adopted.kill();
  }

  return {
    run: (observer, signal) => {
      observe = observer;
      signal.addEventListener('abort', () => {
        stopped = true;
        socket?.close();
      });
      adopt();
      supervise();
    },
    send: (command) => socket?.send(command),
    fence: (reason) => {
      if (socket === null) return void fenceHere();
      socket.send({ type: 'fence', reason });
      const meant = pidOf(view.child);
      // A postgres that was started since is another one.
      clock.timer(fenceConfirmMs, () => {
        if (meant !== null && pidOf(view.child) === meant) void fenceHere();
      });
    },
    disconnect: () => socket?.close(),
  };
}

const pidOf = (child: ChildView): number | null => (child.kind === 'running' || child.kind === 'stopping' ? child.pid : null);
