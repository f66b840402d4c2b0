/** The kernel of one simulated host, as far as a guardian and its batond touch it. */
import { err, ok } from '../../../src/core/result.ts';
import type { ProcessHost } from '../../../src/ports/process-host.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { SimProcess } from './host.ts';

export interface Machine {
  /** The newest server of this host, running or not; null before the first. */
  server(): FakeServer | null;
  /** Executes postgres on the host's data directory. Null when there is none. */
  launch(exited: (code: number | null, signal: string | null) => void): FakeServer | null;
  marks(): { readonly standbySignal: boolean; readonly unstartable: boolean };
}

/** `owner`: the process that calls; what the kernel reports reaches it only while it lives. */
export function createFakeProcessHost(machine: Machine, owner: SimProcess): ProcessHost {
  const alive = () => {
    const server = machine.server();
    return server === null || server.phase === 'gone' ? null : server;
  };
  return {
    start: (_command, exited) => {
      if (alive() !== null) return err('another postgres of this data directory is still there');
      const server = machine.launch((code, signal) => owner.clock.timer(0.5, () => exited({ code, signal })));
      return server === null ? err('there is no data directory') : ok(server.pid);
    },
    signal: (pid, signal) => {
      const server = alive();
      if (server === null) return;
      if (pid !== server.pid) {
        const backend = [...server.backends].find((each) => each.pid === pid);
        if (backend !== undefined && signal === 'kill') server.endBackend(backend);
        return;
      }
      // SIGKILL needs no cooperation; a stopped process does not hear the others.
      if (signal === 'kill') server.killPostmaster();
      else if (signal === 'interrupt') server.postmaster.run(() => server.process.run(() => server.stopFast()));
      else server.postmaster.run(() => server.stopImmediately());
    },
    scan: () => {
      const server = alive();
      return server === null ? [] : server.pids();
    },
    readMarks: async () => machine.marks(),
    identify: (pid) => {
      const server = alive();
      return server?.pids().includes(pid) ? { pid, startTicks: pid } : null;
    },
  };
}
