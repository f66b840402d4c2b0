/** The fence of a former primary through its own PostgreSQL, on the simulated network: each step a request and an answer. */
import { type FoundServer, serverName, whyNotTarget } from '../../../src/core/fence-target.ts';
import type { RemoteFenceOutcome } from '../../../src/core/remote-fence.ts';
import { type Lsn, memberName, type Ms, timeline } from '../../../src/core/units.ts';
import type { Endpoint, Expected, FenceSteps } from '../../../src/ports/postgres.ts';
import { endLsn } from '../postgres/directory.ts';
import { askFar } from './ask-far.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { SimProcess } from './host.ts';
import type { ServerWorld } from '../postgres/server-world.ts';
import { cluster } from './settings.ts';

const stepLimitMs: Ms = 1_000;
const flushedEveryMs: Ms = 1;

export async function fenceRemotely(
  world: ServerWorld,
  batond: SimProcess,
  { host: member }: Endpoint,
  { target, serverName: name }: Expected,
  steps: FenceSteps,
): Promise<RemoteFenceOutcome> {
  const ask = <T>(work: (server: FakeServer, reply: (value: T | 'refused') => void) => void, of?: FakeServer) =>
    askFar<T>(world, batond, member, stepLimitMs, (reply) => {
      const server = world.listening(member);
      // The session is with one run of the server, and ends with it.
      if (server === null || (of !== undefined && of !== server)) return reply('refused');
      server.process.run(() => work(server, reply));
    });
  const failed = (problem: string): RemoteFenceOutcome => ({ kind: 'failed', problem });

  const session = await ask<FakeServer>((server, reply) =>
    reply(server.phase === 'primary' || server.phase === 'standby' ? server : 'refused'),
  );
  if (typeof session === 'string') return failed(session);
  const why = whyNotTarget(describe(session), target, name);
  if (why !== null) return { kind: 'another-server', why };
  if (!(await steps.mayGoOn())) return failed('the leader key is not ours any more');

  let drained: { upTo: Lsn; complete: boolean } | null = null;
  if (steps.received !== null) {
    const upTo = await ask<Lsn>((server, reply) => {
      server.backends.close();
      const count = server.dir.records.length;
      const flushed = () =>
        server.dir.flushed >= count ? reply(endLsn(count)) : server.clock.timer(flushedEveryMs, flushed);
      flushed();
    }, session);
    if (typeof upTo === 'string') return failed(upTo);
    drained = { upTo, complete: await steps.received(upTo) };
  }
  const killed = await ask<true>((server, reply) => {
    world.fencedRemotely(server, batond.host.name);
    server.exit(null, 'SIGKILL');
    reply(true);
  }, session);
  return killed === true ? { kind: 'fenced', how: 'killed', drained } : failed(killed);
}

/** What it says of itself in a session that is open. */
function describe(server: FakeServer): FoundServer {
  const { dir, host, phase, runId } = server;
  const member = memberName(host.name);
  return {
    serverName: serverName(cluster, member),
    systemIdentifier: dir.systemIdentifier,
    inRecovery: phase === 'standby',
    timeline: phase === 'standby' ? null : timeline(dir.timeline),
    copyId: dir.copy?.member === member ? dir.copy.copyId : null,
    runId,
  };
}
