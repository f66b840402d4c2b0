/** The Postgres port of one member in the simulation: batond's own sessions and files, on the fake server. */
import { slotName } from '../../../src/core/copy-name.ts';
import { err, ok } from '../../../src/core/result.ts';
import { type MemberName, type Ms, timeline } from '../../../src/core/units.ts';
import type {
  CommitWaits,
  Inspection,
  Look,
  Outcome,
  Postgres,
  ProbeAnswer,
  StartCommand,
  Upstream,
} from '../../../src/ports/postgres.ts';
import { endLsn, type SimDirectory } from './directory.ts';
import type { Disk } from '../hosts/disk.ts';
import type { FakeServer } from './fake-server.ts';
import { DirectoryWork } from './fake-directory-work.ts';
import { placeHistories } from './rejoin-facts.ts';
import { lookAt } from './look-at.ts';
import { fail, type LocalPostgres, unanswered } from './local-postgres.ts';
import { ProbeSession } from './probe-session.ts';
import { proveWait } from './prove-wait.ts';

const settingsLimitMs: Ms = 2_000;

export interface FakePostgresOptions {
  readonly member: MemberName;
  readonly disk: Disk;
  readonly local: LocalPostgres;
}

export function createFakePostgres({ member, disk, local }: FakePostgresOptions): Postgres {
  const directory = new DirectoryWork(member, disk, local);
  const probes = new ProbeSession(local);

  async function inspect(limitMs: Ms): Promise<Inspection> {
    await local.batond.clock.sleep(Math.min(limitMs, local.random.between(1, 10)));
    if (disk.storage.state.kind === 'failing')
      return { kind: 'unusable', problem: `/${member} cannot be read: ${disk.storage.problem('files')}` };
    return disk.data === null ? { kind: 'absent' } : { kind: 'present', data: disk.data.describe() };
  }

  async function look(limitMs: Ms): Promise<Look> {
    const answer = await local.ask(limitMs, (server) => lookAt(server, probes.waits(server)), 'monitor');
    if (answer.kind === 'refused') return { kind: 'silent', problem: 'connection refused', refused: true };
    if (answer.kind === 'timed-out')
      return { kind: 'silent', problem: `no answer within ${limitMs} ms`, refused: false };
    return answer.kind === 'failed' ? { kind: 'silent', problem: answer.problem, refused: false } : answer.value;
  }

  /** A fresh connection. That there is no place for it shows a server that lives. */
  async function probeLocal(limitMs: Ms): Promise<ProbeAnswer> {
    const admission = await local.knock(limitMs);
    if (admission === 'refused') return { outcome: 'refused', problem: 'connection refused' };
    if (admission === 'timed-out') return { outcome: 'timed-out', problem: `no answer within ${limitMs} ms` };
    if (admission === 'too-many-clients') return { outcome: 'ok', problem: 'sorry, too many clients already' };
    return admission === 'served'
      ? { outcome: 'ok', problem: null }
      : { outcome: 'unreachable', problem: 'the database system starts or stops' };
  }

  /** A change of the configuration file and a reload; ends when the server shows it. */
  async function reload(
    change: (dir: SimDirectory) => void,
    shown: (server: FakeServer) => boolean,
    signal: AbortSignal,
    what: string,
  ): Outcome {
    const problem = disk.data === null ? 'there is no data directory' : await local.written(disk);
    if (problem !== null || disk.data === null) return fail(`${what}: ${problem}`);
    change(disk.data);
    const answer = await local.ask(settingsLimitMs, (server) => {
      server.reload();
      return server;
    });
    if (answer.kind !== 'answer') return fail(`${what}: ${unanswered(answer)}`);
    const server = answer.value;
    const went = await local.until(() => server.phase === 'gone' || shown(server), 1, settingsLimitMs, signal, what);
    if (went.ok && server.phase === 'gone') return fail(`${what}: postgres ended`);
    return went;
  }

  async function waitFor(waits: CommitWaits, signal: AbortSignal): Outcome {
    const went = await reload(
      (dir) => {
        dir.waits = waits;
      },
      (server) =>
        server.waits.loaded === waits &&
        waits.names.every((name) => [...server.senders].some((sender) => sender.name === name && sender.priority > 0)),
      signal,
      `wait for ${waits.names.join(', ') || (waits.nobody ? 'a name that nobody has' : 'nobody')}`,
    );
    return !went.ok && disk.data?.override != null
      ? fail('PostgreSQL does not apply the synchronous_standby_names that batond wrote: ALTER SYSTEM RESET it')
      : went;
  }

  async function admit(whom: 'everybody' | 'baton-only', signal: AbortSignal): Outcome {
    const went = await reload(
      (dir) => {
        dir.admits = whom;
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
      (dir) => {
        dir.upstream = upstream;
      },
      (server) => (server.receiver?.upstream ?? null) === (upstream?.member ?? null),
      signal,
      `follow ${upstream?.member ?? 'nobody'}`,
    );

  const promote: Postgres['promote'] = async (next, waits, mayGoOn, signal) => {
    const server = local.listening();
    const dir = disk.data;
    if (server === null || dir === null) return fail('postgres does not run');
    const problem = await local.written(disk);
    if (problem !== null) return fail(problem);
    if (server.replay.paused) server.replay.setPaused(false);
    dir.waits = waits;
    dir.readOnly = false;
    // As the real one: who was promoted by somebody else meanwhile reads no file again by itself.
    server.reload();
    const promoted = () => server.phase === 'primary';
    if (promoted()) return ok(undefined);
    if (dir.histories.has(next.timeline)) {
      const problem = `timeline ${next.timeline} was begun here already`;
      return err({ problem, retryable: true, timelineBegun: true });
    }
    const contradiction = placeHistories(dir, next);
    if (contradiction !== null) return fail(contradiction, false);
    dir.promoteFile = true;
    const askAgain = () => {
      if (server.phase === 'primary' || server.phase === 'gone' || server.phase === 'orphaned' || !mayGoOn())
        return true;
      server.postmaster.run(() => server.process.run(() => server.recovery.signalled()));
      return false;
    };
    const went = await local.until(askAgain, 5, 30_000, signal, 'out of recovery');
    if (promoted()) return ok(undefined);
    dir.promoteFile = false;
    return went.ok ? fail(`not promoted: the server is ${server.phase}`) : went;
  };

  async function prepare(change: (dir: SimDirectory) => string | null): Outcome<StartCommand> {
    const dir = disk.data;
    if (dir === null) return fail('there is no data directory', false);
    if (dir.unstartable !== null) return fail(dir.unstartable, false);
    const problem = await local.written(disk);
    if (problem !== null) return fail(problem);
    dir.promoteFile = false;
    const refused = change(dir);
    if (refused !== null) return fail(refused, false);
    return ok({ binary: 'postgres', args: ['-D', `/${member}`], dataDir: `/${member}`, env: {} });
  }

  return {
    inspect,
    room: async () => disk.storage.room,
    look,
    probeLocal,
    writeProbe: (limitMs) => probes.write(limitMs),
    initialize: (copyId, signal) => directory.initialize(copyId, signal),
    clone: (from, copyId, signal, progress) => directory.clone(from, copyId, signal, progress),
    rejoin: (leader, rows, copyId, signal, progress) => directory.rejoin(leader, rows, copyId, signal, progress),
    prepareStandby: (upstream) =>
      prepare((dir) => {
        dir.removeForeignHistories();
        dir.standbySignal = true;
        dir.upstream = upstream;
        dir.waits = { names: [], nobody: false };
        dir.readOnly = true;
        dir.admits = 'everybody';
        dir.slots.clear();
        return null;
      }),
    preparePrimary: (waits, admits) =>
      prepare((dir) => {
        if (dir.state === 'shut down in recovery' || dir.state === 'in archive recovery')
          return `it is a standby's (${dir.state}): it must start as one and be promoted`;
        dir.standbySignal = false;
        dir.readOnly = false;
        dir.upstream = null;
        dir.waits = waits;
        dir.admits = admits;
        return null;
      }),
    follow,
    promote,
    ownHistory: async () => {
      const answer = await local.ask(settingsLimitMs, (server) => server.dir);
      if (answer.kind !== 'answer') return fail(unanswered(answer));
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
      let [done, ended] = [false, false];
      const answer = await local.ask(settingsLimitMs, (server) => {
        // The session ends with the server, and says so at once.
        server.hearsOfEnd.add(() => {
          ended = true;
        });
        server.checkpoint(() => {
          done = true;
        });
      });
      if (answer.kind !== 'answer') return fail(unanswered(answer));
      const waited = await local.until(() => done || ended, 2, 60_000, signal, 'checkpoint');
      return waited.ok && !done ? fail('the server ended') : waited;
    },
    furnish: async (slotsFor) => {
      const opens = disk.data?.readOnly === true;
      if (opens) {
        const problem = await local.written(disk);
        if (problem !== null) return fail(problem);
        if (disk.data !== null) disk.data.readOnly = false;
      }
      const answer = await local.ask(settingsLimitMs, (server) => {
        if (opens) server.reload();
        const { slots, checkpoint } = server.dir;
        const used = new Set([...server.senders].map(({ slot }) => slot));
        for (const name of slots.names) if (slots.isLost(name) && !used.has(name)) slots.drop(name);
        for (const name of slotsFor.map(slotName)) if (!slots.has(name)) slots.create(name, checkpoint.position);
      });
      return answer.kind === 'answer' ? ok(undefined) : fail(unanswered(answer));
    },
    resumeReplay: async () => {
      const answer = await local.ask(settingsLimitMs, (server) => server.replay.setPaused(false));
      return answer.kind === 'answer' ? ok(undefined) : fail(unanswered(answer));
    },
    standDown: (signal) =>
      reload(
        (dir) => {
          dir.waits = { names: [], nobody: false };
          dir.readOnly = true;
          dir.admits = 'everybody';
        },
        () => true,
        signal,
        'stand down',
      ),
    endLogicalStreams: async () => ok(undefined),
    letGo: async () => {
      probes.end();
      local.letGo();
    },
  };
}
