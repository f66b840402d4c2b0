/** The simulated servers under the suite, on virtual time. */
import { aPair, type Pair, upstream } from '../sim/postgres/a-pair.ts';
import type { Postgres } from '../../src/ports/postgres.ts';
import type { Backend } from '../sim/postgres/sessions.ts';
import { must, type ServersUnderTest, type ServerUnderTest } from './servers-under-test.ts';

const signal = new AbortController().signal;

export async function simulatedServers(): Promise<ServersUnderTest> {
  const { pair, a, b, standbyName } = await aPair();
  for (const name of ['a', 'b'])
    Object.assign(pair.disk(name).circumstances, { segmentRecords: 1, slotKeptRecords: 50 });
  return {
    a: underTest(pair, 'a', a),
    b: underTest(pair, 'b', b),
    standbyName,
    peers: pair.peers('b'),
    settled: (promise) => pair.settled(promise),
    until: async (fact, limitMs) => {
      const end = pair.clock.mono() + limitMs;
      while (!(await fact())) {
        if (pair.clock.mono() > end) throw new Error(`not within ${limitMs} ms`);
        await pair.clock.runFor(5);
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function underTest(pair: Pair, name: string, postgres: Postgres): ServerUnderTest {
  const server = () => pair.server(name);
  const gone = () => pair.until(() => server().phase === 'gone');
  const write: ServerUnderTest['write'] = async (limitMs) => {
    const place = pair.host(`client of ${name}`);
    let acked = false;
    server().accept(false, (admission) => {
      if (admission !== 'served') return;
      const backend = {
        pid: pair.nextPid(),
        connection: pair.network.connect(place, server().host),
        name: 'application',
        pipelining: false,
      };
      server().backends.add(backend);
      server().commit(backend, 'commit', `of ${pair.nextUid()}`, 'flush', () => {
        acked = true;
      });
    });
    await pair.clock.runFor(limitMs);
    return acked;
  };
  return {
    postgres,
    upstream: upstream(name),
    start: async () => {
      pair.start(name);
      await pair.until(() => server().phase === 'primary' || server().phase === 'standby');
    },
    stop: async () => {
      await postgres.letGo();
      server().stopFast();
      await gone();
    },
    kill: async () => server().exit(null, 'SIGKILL'),
    freezePostmaster: () => server().postmaster.stop(),
    thawPostmaster: () => server().postmaster.continue(),
    write,
    takeConnections: async (superuser) => {
      const taken: Backend[] = [];
      while (server().backends.hasRoom(superuser)) {
        const connection = pair.network.connect(pair.host('client'), server().host);
        const backend = { pid: pair.nextPid(), name: 'application', connection, pipelining: false };
        server().backends.add(backend);
        taken.push(backend);
      }
      return async () => {
        for (const backend of taken) server().endBackend(backend);
      };
    },
    cancelWaits: async () => void server().waits.cancelAll(),
    promoteByHand: async () => server().recovery.promoteByHand(),
    overrideWaits: async () => server().alterSystem({ names: [], nobody: false }),
    writeMuch: async () => {
      for (let record = 0; record < 100; record += 1) server().insert('probe', null);
      must(await pair.settled(postgres.checkpoint(signal)));
    },
    slotIsLost: async (member) => server().dir.slots.isLost(`baton_${member}`),
  };
}
