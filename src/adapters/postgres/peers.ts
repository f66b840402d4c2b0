/** What a daemon asks of the other members' PostgreSQL. */
import type { MemberName } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint, Peers } from '../../ports/postgres.ts';
import { probeName } from './look-query.ts';
import type { Credentials } from './options.ts';
import { probe } from './probe.ts';
import { fenceRemotely } from './remote-fence.ts';
import type { SessionTarget } from './session.ts';
import { createWriteProbe, type WriteProbe } from './write-probe.ts';

export type PostgresPeers = Pick<Peers, 'probePostgres' | 'writeProbe' | 'fence' | 'onSessionLost'> & {
  close(): Promise<void>;
};

/** A cluster has a handful of members; an address that is no longer asked gives way. */
const targetsMax = 32;

export function createPostgresPeers(options: {
  readonly clock: Clock;
  /** Who asks: its probes are told from those of other members by this name. */
  readonly member: MemberName;
  readonly superuser: Credentials;
  /** Let in again by a server that is closed to clients. */
  readonly replicationUsername: string;
}): PostgresPeers {
  const { clock, member, superuser, replicationUsername } = options;
  const writers = new Map<string, WriteProbe>();
  const listeners: ((target: Endpoint) => void)[] = [];
  const targetOf = (endpoint: Endpoint, applicationName: string): SessionTarget => ({
    endpoint,
    credentials: superuser,
    applicationName,
  });

  function writerFor(target: Endpoint): WriteProbe {
    const address = `${target.host}:${target.port}`;
    const known = writers.get(address);
    if (known !== undefined) return known;
    const [oldest] = writers.keys();
    if (writers.size >= targetsMax && oldest !== undefined) {
      void writers.get(oldest)?.letGo();
      writers.delete(oldest);
    }
    const writer = createWriteProbe(
      clock,
      () => targetOf(target, `${probeName}-from-${member}`),
      () => {
        for (const lost of listeners) lost(target);
      },
    );
    writers.set(address, writer);
    return writer;
  }

  return {
    probePostgres: (target, limitMs) => probe(clock, targetOf(target, 'baton-peer'), limitMs),
    writeProbe: (target, limitMs) => writerFor(target).write(limitMs),
    fence: (endpoint, expected, steps, signal) =>
      fenceRemotely({
        clock,
        target: targetOf(endpoint, 'baton-fence'),
        expected,
        steps,
        replicationUsername,
        signal,
      }),
    onSessionLost: (lost) => {
      listeners.push(lost);
    },
    async close() {
      const all = [...writers.values()];
      writers.clear();
      await Promise.all(all.map((writer) => writer.letGo()));
    },
  };
}
