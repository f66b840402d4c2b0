/** Real PostgreSQL servers under the suite. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { createPostgresPeers } from '../../src/adapters/postgres/peers.ts';
import { memberName, MiB, type Ms } from '../../src/core/units.ts';
import {
  aPrimary,
  aStandby,
  binDir,
  clock,
  copyNameOf,
  eventually,
  type RealPostgres,
} from '../support/real-postgres.ts';
import type { ServersUnderTest, ServerUnderTest } from './servers-under-test.ts';

const run = promisify(execFile);
const application = 'application';
const superuser = { username: 'postgres', password: 'super secret' };
const small = {
  // A clone takes half a second.
  cloneBytesPerSecond: 48 * MiB,
  parameters: {
    shared_buffers: '16MB',
    fsync: 'off',
    max_connections: 30,
    log_min_messages: 'fatal',
    min_wal_size: '32MB',
    max_slot_wal_keep_size: '16MB',
  },
};

export async function realServers(): Promise<ServersUnderTest> {
  const a = await aPrimary('a', ['b'], small);
  a.sql(`CREATE ROLE ${application} LOGIN PASSWORD '${application}'`);
  a.sql('CREATE TABLE written (id int)');
  a.sql(`GRANT ALL ON written TO ${application}`);
  const b = await aStandby('b', a, small);
  const peers = createPostgresPeers({
    clock,
    member: memberName('c'),
    superuser,
    replicationUsername: a.options.replication.username,
  });
  return {
    a: underTest(a),
    b: underTest(b),
    standbyName: await copyNameOf(b),
    peers,
    settled: (promise) => promise,
    until: async (fact, limitMs) => {
      await eventually(async () => ((await fact()) ? true : null), 'the fact', limitMs);
    },
    async [Symbol.asyncDispose]() {
      await peers.close();
      await b[Symbol.asyncDispose]();
      await a[Symbol.asyncDispose]();
    },
  };
}

function underTest(server: RealPostgres): ServerUnderTest {
  const { postgres, upstream } = server;
  return {
    postgres,
    upstream,
    start: async (command) => {
      await server.start(command);
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    freezePostmaster: () => void process.kill(server.pid(), 'SIGSTOP'),
    thawPostmaster: () => void process.kill(server.pid(), 'SIGCONT'),
    write: (limitMs) => acknowledged(server, limitMs),
    takeConnections: async (asSuperuser) => {
      const taken: Client[] = [];
      for (;;) {
        const client = clientOf(server, asSuperuser);
        try {
          await client.connect();
          taken.push(client);
        } catch {
          break;
        }
      }
      return async () => {
        await Promise.all(taken.map((client) => client.end()));
      };
    },
    cancelWaits: async () => {
      server.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    },
    promoteByHand: async () => {
      await run(join(binDir, 'pg_ctl'), ['promote', '-W', '-D', server.dataDir]);
    },
    overrideWaits: async () => {
      server.sql("ALTER SYSTEM SET synchronous_standby_names = ''");
      server.sql('SELECT pg_reload_conf()');
    },
    writeMuch: async () => {
      for (let segment = 0; segment < 6; segment += 1)
        server.sql("SELECT pg_logical_emit_message(true, 'test', ''); SELECT pg_switch_wal()");
      server.sql('CHECKPOINT');
    },
    slotIsLost: async (member) =>
      server.sql(`SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'baton_${member}'`) === 'lost',
  };
}

function clientOf(server: RealPostgres, asSuperuser: boolean): Client {
  const { host, port } = server.upstream;
  const user = asSuperuser ? superuser.username : application;
  const password = asSuperuser ? superuser.password : application;
  const client = new Client({ host, port, user, password, database: 'postgres', connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // the server ends before its clients do
  return client;
}

/** Whether a commit of the application's is acknowledged in that time. */
async function acknowledged(server: RealPostgres, limitMs: Ms): Promise<boolean> {
  const client = clientOf(server, false);
  try {
    await client.connect();
    const committed = client.query('INSERT INTO written VALUES (1)').then(
      () => true,
      () => false,
    );
    return await Promise.race([committed, clock.sleep(limitMs).then(() => false)]);
  } catch {
    return false;
  } finally {
    void client.end();
  }
}
