/** The PostgreSQL of this host behind the port. Each operation is in its own file; here they are put together. */
import type { Ms } from '../../core/units.ts';
import type { Postgres } from '../../ports/postgres.ts';
import { admit } from './access.ts';
import { clone } from './clone.ts';
import { waitFor } from './commit-waits.ts';
import { outcomeOf } from './failure.ts';
import { furnish } from './furnish.ts';
import { ownHistory } from './history.ts';
import { initialize } from './initialize.ts';
import { inspect } from './inspect.ts';
import { anInstance } from './instance.ts';
import { createLooking } from './look.ts';
import { probeName } from './look-query.ts';
import { endLogicalStreams } from './logical-streams.ts';
import type { PostgresOptions } from './options.ts';
import { preparePrimary, prepareStandby } from './prepare.ts';
import { probe } from './probe.ts';
import { promote } from './promote.ts';
import { proveWait } from './prove-wait.ts';
import { rejoin } from './rejoin.ts';
import { standDown } from './stand-down.ts';
import { follow } from './upstream.ts';
import { createRoom } from './room.ts';
import { createWriteProbe } from './write-probe.ts';

/** Longest that a spread checkpoint could take is no bound for an immediate one; a dead disk must end it all the same. */
const checkpointLimitMs: Ms = 600_000;
const resumeLimitMs: Ms = 1_000;

/** Throws RangeError when the unix socket's path is too long. The process must run as the owner of the data already. */
export function createPostgres(options: PostgresOptions): Postgres {
  const instance = anInstance(options);
  const { clock, control } = instance;
  const looking = createLooking(instance);
  const room = createRoom(clock, options.dataDir);
  const writer = createWriteProbe(clock, () => instance.local(probeName));

  return {
    inspect: (limitMs) => inspect(instance, limitMs),
    room,
    look: async (limitMs) => {
      const seen = await looking.look(limitMs);
      // A promotion must not wait for a password exchange: the session that it will use is opened while it is quiet.
      if (seen.kind === 'standby') void instance.control.use(limitMs, async () => undefined).catch(() => undefined);
      return seen;
    },
    probeLocal: (limitMs) => probe(clock, instance.local('baton-local'), limitMs),
    writeProbe: (limitMs) => writer.write(limitMs),

    initialize: (copyId, signal) => outcomeOf('initdb', () => initialize(instance, copyId, signal)),
    clone: (from, copyId, signal, progress) =>
      outcomeOf(`cloning from ${from.member}`, () => clone(instance, from, copyId, signal, progress)),
    rejoin: (leader, rows, copyId, signal, progress) =>
      outcomeOf(`rejoining ${leader.member}`, () => rejoin(instance, leader, rows, copyId, signal, progress)),
    prepareStandby: (upstream) => outcomeOf('preparing a start as a standby', () => prepareStandby(instance, upstream)),
    preparePrimary: (waits, admits) =>
      outcomeOf('preparing a start as a primary', () => preparePrimary(instance, waits, admits)),

    follow: (upstream, signal) =>
      outcomeOf(`following ${upstream?.member ?? 'nobody'}`, () => follow(instance, upstream, signal)),
    promote: (next, waits, mayGoOn, signal) =>
      outcomeOf('promotion', () => promote(instance, next, waits, mayGoOn, signal)),
    ownHistory: () => outcomeOf('reading the own history', () => ownHistory(instance)),
    waitFor: (waits, signal) => outcomeOf('changing what commits wait for', () => waitFor(instance, waits, signal)),
    proveWait: (standby, copyName, names, signal) =>
      outcomeOf(`proving that commits wait for ${copyName}`, () =>
        proveWait(instance, standby, copyName, names, signal),
      ),
    admit: (whom, signal) => outcomeOf(`admitting ${whom}`, () => admit(instance, whom, signal)),
    checkpoint: (signal) =>
      outcomeOf('checkpoint', async () => {
        await control.use(checkpointLimitMs, (talk, leftMs) => talk.run('CHECKPOINT', leftMs()), signal);
      }),
    furnish: (slotsFor, signal) => outcomeOf('furnishing', () => furnish(instance, slotsFor, signal)),
    resumeReplay: (signal) =>
      outcomeOf('resuming replay', async () => {
        const sql = 'SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_replay_resume()::text END';
        await control.use(resumeLimitMs, (talk, leftMs) => talk.run(sql, leftMs()), signal);
      }),
    standDown: (signal) => outcomeOf('standing down', () => standDown(instance, signal)),
    endLogicalStreams: (signal) => outcomeOf('ending logical replication', () => endLogicalStreams(instance, signal)),
    async letGo() {
      await Promise.all([looking.letGo(), writer.letGo(), control.letGo()]);
    },
  };
}
