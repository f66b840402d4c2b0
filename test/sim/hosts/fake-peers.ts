/** What a batond asks of the other members, over the simulated network, each question on a fresh connection. */
import type { Ms } from '../../../src/core/units.ts';
import type { Endpoint, Peers, ProbeAnswer, WriteAnswer } from '../../../src/ports/postgres.ts';
import { endLsn } from '../postgres/directory.ts';
import { askFar } from './ask-far.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import { fenceRemotely } from './remote-fence.ts';
import type { SimProcess } from './host.ts';
import type { Connection, Place } from './network.ts';
import type { ServerWorld } from '../postgres/server-world.ts';
import type { Backend } from '../postgres/sessions.ts';

export interface PeerWorld extends ServerWorld {
  /** The batond that listens on this member's host, and what it says of itself; null when nobody listens. */
  daemon(member: string): { readonly process: SimProcess; self(): unknown } | null;
}

interface Session {
  readonly server: FakeServer;
  readonly connection: Connection;
  readonly backend: Backend;
}

export interface FakePeers extends Peers {
  /** What the kernel does with the sockets of a process that ended. */
  disconnect(): void;
}

export function createFakePeers(world: PeerWorld, batond: SimProcess): FakePeers {
  const { host } = batond;
  // An end of its own: it also talks to the server of its own host, and the two ends of a connection are two.
  const near: Place = {
    name: host.name,
    get powerCuts() {
      return host.powerCuts;
    },
    receive: (action) => host.receive(action),
  };
  const sessions = new Map<string, Session>();
  const connections = new Set<Connection>();
  const name = `baton-probe-from-${near.name}`;
  let lost: (target: Endpoint) => void = () => {};

  const ask = <T>(member: string, limitMs: Ms, asked: (answer: (value: T | 'refused') => void) => void) =>
    askFar(world, batond, member, limitMs, asked);

  async function probePostgres(target: Endpoint, limitMs: Ms): Promise<ProbeAnswer> {
    const answer = await ask<ProbeAnswer>(target.host, limitMs, (reply) => {
      const server = world.listening(target.host);
      if (server === null) return reply('refused');
      server.accept(true, (admission) =>
        reply(
          admission === 'unavailable'
            ? { outcome: 'unreachable', problem: `the database system is ${server.phase}` }
            : { outcome: 'ok', problem: admission === 'served' ? null : 'sorry, too many clients already' },
        ),
      );
    });
    return typeof answer === 'string' ? { outcome: answer, problem: answer } : answer;
  }

  async function probeDaemon(apiUrl: string, limitMs: Ms): Promise<ProbeAnswer & { readonly report: unknown }> {
    const member = memberAt(apiUrl);
    const answer = await ask<{ readonly report: unknown }>(member, limitMs, (reply) => {
      const daemon = world.daemon(member);
      if (daemon === null) return reply('refused');
      daemon.process.run(() => reply({ report: daemon.self() }));
    });
    return typeof answer === 'string'
      ? { outcome: answer, problem: answer, report: null }
      : { outcome: 'ok', problem: null, report: answer.report };
  }

  async function sessionTo(
    target: Endpoint,
    limitMs: Ms,
  ): Promise<Session | 'refused' | 'timed-out' | 'read-only' | 'unreachable'> {
    const kept = sessions.get(target.host);
    if (kept?.connection.isOpen(near) === true) return kept;
    const far = world.host(target.host);
    let gaveUp = false;
    let accepted: Connection | null = null;
    const answer = await ask<Session | 'read-only' | 'unreachable'>(target.host, limitMs, (reply) => {
      const server = world.listening(target.host);
      if (server === null) return reply('refused');
      server.accept(true, (admission) => {
        if (admission !== 'served') return reply('unreachable');
        if (server.phase !== 'primary') return reply('read-only');
        const connection = world.network.connect(near, far);
        accepted = connection;
        connections.add(connection);
        server.endLeftBehind(name);
        const backend = { pid: world.nextPid(), name, connection, pipelining: false };
        server.backends.add(backend);
        connection.onClose(far, () => {
          connections.delete(connection);
          server.process.run(() => server.hangUp(backend));
        });
        // The kernel resets what was accepted for a process that has gone, or has closed its end, meanwhile.
        if (!batond.alive || gaveUp) connection.close(near);
        reply({ server, connection, backend });
      });
    });
    gaveUp = typeof answer === 'string';
    if (typeof answer === 'string') {
      (accepted as Connection | null)?.close(near);
      return answer;
    }
    sessions.set(target.host, answer);
    answer.connection.onClose(near, () => batond.run(() => lost(target)));
    return answer;
  }

  async function writeProbe(target: Endpoint, limitMs: Ms): Promise<WriteAnswer> {
    const sentMono = batond.clock.mono();
    const session = await sessionTo(target, limitMs);
    if (typeof session === 'string') return { ok: false, sentMono, outcome: session, problem: session };
    const { server, connection, backend } = session;
    const far = world.host(target.host);
    return new Promise((resolve) => {
      const failed = (outcome: 'timed-out' | 'unreachable') => {
        cancel();
        connection.close(near);
        sessions.delete(target.host);
        resolve({ ok: false, sentMono, outcome, problem: outcome });
      };
      const cancel = batond.clock.timer(limitMs, () => failed('timed-out'));
      connection.onClose(near, () =>
        batond.run(() => {
          failed('unreachable');
          lost(target);
        }),
      );
      connection.send(near, () =>
        server.process.run(() => {
          server.commit(backend, 'probe', null, 'flush', (count, how) =>
            connection.send(far, () =>
              batond.run(() => {
                if (how === 'cancelled') return failed('unreachable');
                cancel();
                connection.onClose(near, () => batond.run(() => lost(target)));
                const flushedBy = server.flushedBy(count);
                resolve({ ok: true, sentMono, ackedMono: batond.clock.mono(), lsn: endLsn(count), flushedBy });
              }),
            ),
          );
        }),
      );
    });
  }

  return {
    probePostgres,
    probeDaemon,
    writeProbe,
    fence: (target, expected, steps) => fenceRemotely(world, batond, target, expected, steps),
    disconnect: () => {
      for (const connection of connections) connection.close(near);
      connections.clear();
    },
    onSessionLost: (listener) => {
      lost = listener;
    },
  };
}

/** A member's host has its name: `http://a:8008`. */
const memberAt = (apiUrl: string): string => apiUrl.split(/:\/\/|:/, 2)[1] ?? apiUrl;
