/** What a daemon asks of the other members' PostgreSQL. */
import type { MemberName } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint, Peers } from '../../ports/postgres.ts';
import { createClientWriters } from './client-writers.ts';
import type { Credentials } from './options.ts';
import { probe } from './probe.ts';
import { fenceRemotely } from './remote-fence.ts';
import type { SessionTarget } from './session.ts';

export type PostgresPeers = Pick<Peers, 'probePostgres' | 'writeProbe' | 'fence' | 'onSessionLost'> & {
  close(): Promise<void>;
};

export function createPostgresPeers(options: {
  readonly clock: Clock;
  /** Who asks: its probes are told from those of other members by this name. */
  readonly member: MemberName;
  readonly superuser: Credentials;
  /** Let in again by a server that is closed to clients. */
  readonly replicationUsername: string;
}): PostgresPeers {
  const { clock, member, superuser, replicationUsername } = options;
  const listeners: ((target: Endpoint) => void)[] = [];
  const writers = createClientWriters({
    ...{ clock, member, credentials: superuser },
    lost: (target) => {
      for (const lost of listeners) lost(target);
    },
  });
  const targetOf = (endpoint: Endpoint, applicationName: string): SessionTarget => ({
    endpoint,
    credentials: superuser,
    applicationName,
  });

  return {
    probePostgres: (target, limitMs) => probe(clock, targetOf(target, 'baton-peer'), limitMs),
    writeProbe: writers.writeProbe,
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
    close: () => writers.close(),
  };
}
