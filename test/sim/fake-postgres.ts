/** The Postgres port of one member in the simulation: batond's own sessions and files, on the fake server. */
import { slotName } from '../../src/core/copy-name.ts';
import { ok } from '../../src/core/result.ts';
import { type MemberName, type Ms, timeline } from '../../src/core/units.ts';
import type {
  CommitWaits,
  Inspection,
  Look,
  Outcome,
  Postgres,
  ProbeAnswer,
  StartCommand,
  Upstream,
  WriteAnswer,
} from '../../src/ports/postgres.ts';
import { endLsn } from './directory.ts';
import type { Disk } from './disk.ts';
import type { FakeServer } from './fake-server.ts';
import type { Backend } from './sessions.ts';
import { DirectoryWork } from './fake-directory-work.ts';
import { placeHistories } from './rejoin-facts.ts';
import { lookAt } from './look-at.ts';
import { fail, type LocalPostgres } from './local-postgres.ts';
import { proveWait } from './prove-wait.ts';

const settingsLimitMs: Ms = 2_000;

export interface FakePostgresOptions {
  readonly member: MemberName;
  readonly disk: Disk;
  readonly local: LocalPostgres;
}

/** The session that is kept for write probes; `count`: the log's length with its newest commit. */
interface ProbeSession {
  readonly server: FakeServer;
  readonly backend: Backend;
  count: number;
}

export function createFakePostgres({ member, disk, local }: FakePostgresOptions): Postgres {
  const directory = new DirectoryWork(member, disk, local);
  let probeSession: ProbeSession | null = null;

  const endProbeSession = () => {
    probeSession?.server.endBackend(probeSession.backend);
    probeSession = null;
  };

  const probeWaits = (server: FakeServer): boolean =>
    probeSession?.server === server && server.waits.waiting('flush', probeSession.count);

  async function inspect(limitMs: Ms): Promise<Inspection> {
    await local.batond.clock.sleep(Math.min(limitMs, local.random.between(1, 10)));
    return disk.data === null ? { kind: 'absent' } : { kind: 'present', data: disk.data.describe() };
  }

  async function look(limitMs: Ms): Promise<Look> {
    const answer = await local.ask(limitMs, (server) => lookAt(server, probeWaits(server)));
    if (answer.kind === 'refused') return { kind: 'silent', problem: 'connection refused', refused: true };
    if (answer.kind === 'timed-out')
      return { kind: 'silent', problem: `no answer within ${limitMs} ms`, refused: false };
    return answer.value;
  }

  async function probeLocal(limitMs: Ms): Promise<ProbeAnswer> {
    const answer = await local.ask(limitMs, (server) => server.phase);
    if (answer.kind === 'refused') return { outcome: 'refused', problem: 'connection refused' };
    if (answer.kind === 'timed-out') return { outcome: 'timed-out', problem: `no answer within ${limitMs} ms` };
    const served = answer.value === 'primary' || answer.value === 'standby';
    return served
      ? { outcome: 'ok', problem: null }
      : { outcome: 'unreachable', problem: `the database system is ${answer.value}` };
  }

  function writeProbe(limitMs: Ms): Promise<WriteAnswer> {
    const { clock } = local.batond;
    const sentMono = clock.mono();
    return new Promise((resolve) => {
      let asked: FakeServer | null = null;
      const settle = (answer: WriteAnswer) => {
        cancel();
        asked?.hearsOfEnd.delete(broken);
        if (!answer.ok) endProbeSession();
        resolve(answer);
      };
      const failed = (outcome: Exclude<WriteAnswer, { ok: true }>['outcome'], problem: string) =>
        settle({ ok: false, sentMono, outcome, problem });
      const broken = () => local.batond.run(() => failed('unreachable', 'the connection was closed'));
      const cancel = clock.timer(limitMs, () => failed('timed-out', `not acknowledged within ${limitMs} ms`));
      clock.timer(local.random.between(0.2, 1), () => {
        const server = local.listening();
        if (server === null) return failed('refused', 'connection refused');
        asked = server;
        server.hearsOfEnd.add(broken);
        server.process.run(() => {
          const session = probeSessionOn(server);
          session.count = server.dir.records.length + 1;
          const went = server.commit(session.backend, 'probe', null, 'flush', (count) =>
            local.batond.run(() => settle({ ok: true, sentMono, ackedMono: clock.mono(), lsn: endLsn(count) })),
          );
          if (went) return;
          const outcome = server.phase === 'standby' ? 'read-only' : 'unreachable';
          local.batond.run(() => failed(outcome, `the server is ${server.phase}`));
        });
      });
    });
  }

  function probeSessionOn(server: FakeServer): ProbeSession {
    if (probeSession?.server === server && server.backends.has(probeSession.backend)) return probeSession;
    const backend = { pid: server.world.nextPid(), connection: null, pipelining: false };
    server.backends.add(backend);
    probeSession = { server, backend, count: 0 };
    return probeSession;
  }

  /** A change of the configuration file and a reload; ends when the server shows it. */
  async function reload(
    change: (server: FakeServer) => void,
    shown: (server: FakeServer) => boolean,
    signal: AbortSignal,
    what: string,
  ): Outcome {
    const answer = await local.ask(settingsLimitMs, (server) => {
      change(server);
      server.reload();
      return server;
    });
    if (answer.kind !== 'answer') return fail(`${what}: postgres ${answer.kind}`);
    const server = answer.value;
    const went = await local.until(() => server.phase === 'gone' || shown(server), 1, settingsLimitMs, signal, what);
    if (went.ok && server.phase === 'gone') return fail(`${what}: postgres ended`);
    return went;
  }

  const waitFor = (waits: CommitWaits, signal: AbortSignal): Outcome =>
    reload(
      (server) => {
        server.dir.waits = waits;
      },
      (server) =>
        server.waits.loaded === waits &&
        waits.names.every((name) =>
          [...server.senders].some((sender) => sender.name === name && server.waits.priority(name) > 0),
        ),
      signal,
      `wait for ${waits.names.join(', ') || (waits.nobody ? 'a name that nobody has' : 'nobody')}`,
    );

  async function admit(whom: 'everybody' | 'baton-only', signal: AbortSignal): Outcome {
    const went = await reload(
      (server) => {
        server.dir.admits = whom;
      },
      () => true,
      signal,
      `admit ${whom}`,
    );
    if (went.ok && whom === 'baton-only') local.server()?.backends.endEach((backend) => backend.connection !== null);
    return went;
  }

  const follow = (upstream: Upstream | null, signal: AbortSignal): Outcome =>
    reload(
      (server) => {
        server.dir.upstream = upstream;
      },
      (server) => (server.receiver?.upstream ?? null) === (upstream?.member ?? null),
      signal,
      `follow ${upstream?.member ?? 'nobody'}`,
    );

  const promote: Postgres['promote'] = async (rows, waits, mayGoOn, signal) => {
    const server = local.listening();
    const dir = disk.data;
    if (server === null || dir === null) return fail('postgres does not run');
    const contradiction = placeHistories(dir, rows);
    if (contradiction !== null) return fail(contradiction, false);
    if (server.replay.paused) server.replay.setPaused(false);
    dir.waits = waits;
    dir.promoteFile = true;
    const askAgain = () => {
      if (server.phase === 'primary' || server.phase === 'gone' || server.phase === 'orphaned' || !mayGoOn())
        return true;
      server.process.run(() => server.signalled());
      return false;
    };
    const went = await local.until(askAgain, 5, 30_000, signal, 'out of recovery');
    if (server.phase === 'primary') return ok(undefined);
    dir.promoteFile = false;
    return went.ok ? fail(`not promoted: the server is ${server.phase}`) : went;
  };

  const prepare = (change: (dir: NonNullable<Disk['data']>) => void): Outcome<StartCommand> => {
    const dir = disk.data;
    if (dir === null) return Promise.resolve(fail('there is no data directory', false));
    if (dir.unstartable !== null) return Promise.resolve(fail(dir.unstartable, false));
    dir.promoteFile = false;
    change(dir);
    return Promise.resolve(ok({ binary: 'postgres', args: ['-D', `/${member}`], dataDir: `/${member}`, env: {} }));
  };

  return {
    inspect,
    room: async () => ({ dataBytes: disk.freeBytes, walBytes: disk.freeBytes }),
    look,
    probeLocal,
    writeProbe,
    initialize: (copyId, signal) => directory.initialize(copyId, signal),
    clone: (from, copyId, signal, progress) => directory.clone(from, copyId, signal, progress),
    rejoin: (leader, rows, copyId, signal, progress) => directory.rejoin(leader, rows, copyId, signal, progress),
    prepareStandby: (upstream) =>
      prepare((dir) => {
        dir.standbySignal = true;
        dir.upstream = upstream;
        dir.waits = { names: [], nobody: false };
        dir.admits = 'everybody';
      }),
    preparePrimary: (waits, admits) =>
      prepare((dir) => {
        dir.standbySignal = false;
        dir.upstream = null;
        dir.waits = waits;
        dir.admits = admits;
      }),
    follow,
    promote,
    ownHistory: async () => {
      const answer = await local.ask(settingsLimitMs, (server) => server.dir);
      if (answer.kind !== 'answer') return fail(`postgres ${answer.kind}`);
      const dir = answer.value;
      const file = dir.histories.get(dir.timeline);
      const fork = dir.ancestry().get(dir.timeline);
      if (file === undefined || fork === undefined) return ok(null);
      return ok({ timeline: timeline(dir.timeline), parent: timeline(fork.parent), forkLsn: endLsn(fork.count), file });
    },
    waitFor,
    proveWait: (standby, copyName, names, signal) => proveWait(local, standby, copyName, names, signal),
    admit,
    checkpoint: async (signal) => {
      let done = false;
      const answer = await local.ask(settingsLimitMs, (server) =>
        server.checkpoint(() => {
          done = true;
        }),
      );
      return answer.kind === 'answer'
        ? local.until(() => done, 2, 60_000, signal, 'checkpoint')
        : fail(`postgres ${answer.kind}`);
    },
    furnish: async (slotsFor) => {
      const answer = await local.ask(settingsLimitMs, (server) => {
        server.dir.slots = new Set(slotsFor.map(slotName));
      });
      return answer.kind === 'answer' ? ok(undefined) : fail(`postgres ${answer.kind}`);
    },
    resumeReplay: async () => {
      const answer = await local.ask(settingsLimitMs, (server) => server.replay.setPaused(false));
      return answer.kind === 'answer' ? ok(undefined) : fail(`postgres ${answer.kind}`);
    },
    letGo: async () => endProbeSession(),
  };
}
