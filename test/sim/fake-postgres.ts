/** The Postgres port of one member in the simulation: batond's own sessions and files, on the fake server. */
import { ok } from '../../src/core/result.ts';
import { type MemberName, memberName, type Ms, timeline } from '../../src/core/units.ts';
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
    const answer = await local.ask(limitMs, (server) => describe(server, probeWaits(server)));
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
    const sentMono = local.batond.clock.mono();
    return new Promise((resolve) => {
      const failed = (outcome: Exclude<WriteAnswer, { ok: true }>['outcome'], problem: string) => {
        cancel();
        endProbeSession();
        resolve({ ok: false, sentMono, outcome, problem });
      };
      const cancel = local.batond.clock.timer(limitMs, () =>
        failed('timed-out', `not acknowledged within ${limitMs} ms`),
      );
      local.batond.clock.timer(local.random.between(0.2, 1), () => {
        const server = local.listening();
        if (server === null) return failed('refused', 'connection refused');
        server.process.run(() => {
          if (probeSession?.server !== server || !server.backends.has(probeSession.backend)) {
            const backend = { pid: server.world.nextPid(), connection: null, pipelining: false };
            server.backends.add(backend);
            probeSession = { server, backend, count: 0 };
          }
          probeSession.count = server.dir.records.length + 1;
          const went = server.commit(probeSession.backend, 'probe', null, 'flush', (count) =>
            local.batond.run(() => {
              cancel();
              resolve({ ok: true, sentMono, ackedMono: local.batond.clock.mono(), lsn: endLsn(count) });
            }),
          );
          if (!went)
            local.batond.run(() =>
              failed(server.phase === 'standby' ? 'read-only' : 'unreachable', `the server is ${server.phase}`),
            );
        });
      });
    });
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
    if (server.replayPaused) server.setReplayPaused(false);
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
        server.dir.slots = new Set(slotsFor.map((name) => `baton_${name}`));
      });
      return answer.kind === 'answer' ? ok(undefined) : fail(`postgres ${answer.kind}`);
    },
    resumeReplay: async () => {
      const answer = await local.ask(settingsLimitMs, (server) => server.setReplayPaused(false));
      return answer.kind === 'answer' ? ok(undefined) : fail(`postgres ${answer.kind}`);
    },
    letGo: async () => endProbeSession(),
  };
}

function describe(server: FakeServer, probeWaits: boolean): Look {
  const { dir } = server;
  const common = {
    systemIdentifier: dir.systemIdentifier,
    serverVersion: 150_018,
    runId: server.runId,
    timeline: timeline(dir.timeline),
    copyId: dir.copy?.member === server.host.name ? dir.copy.copyId : null,
  };
  if (server.phase === 'standby') {
    const { receiver } = server;
    return {
      ...common,
      kind: 'standby',
      receivedLsn: endLsn(dir.flushed),
      replayLsn: endLsn(server.replayed),
      replayPaused: server.replayPaused,
      streamingFrom: receiver?.connected === true ? `${receiver.upstream}:5432` : null,
      follows: dir.upstream === null ? null : memberName(dir.upstream.member),
      replayedCommitAt: null,
    };
  }
  if (server.phase !== 'primary')
    return { kind: 'silent', problem: `the database system is ${server.phase}`, refused: false };
  return {
    ...common,
    kind: 'primary',
    currentLsn: endLsn(dir.records.length),
    waitsFor: server.waits.loaded.names,
    waitsForNobody: server.waits.loaded.nobody && server.waits.loaded.names.length === 0,
    checkpointTimeline: timeline(dir.checkpoint.timeline),
    admits: dir.admits,
    probeWaits,
    warnings: [],
    walsenders: [...server.senders].map((sender) => ({
      applicationName: sender.name,
      state: sender.streaming ? 'streaming' : 'catchup',
      syncState: server.waits.priority(sender.name) > 0 ? 'sync' : 'async',
      syncPriority: server.waits.priority(sender.name),
      flushLsn: endLsn(sender.flushed),
      replayLsn: endLsn(sender.applied),
      slotName: sender.slot,
    })),
  };
}
