/** Commits like a client's to other hosts, on a session that is kept for each. */
import type { MemberName } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint, Peers } from '../../ports/postgres.ts';
import { probeName } from './look-query.ts';
import type { Credentials } from './options.ts';
import { createWriteProbe, type WriteProbe } from './write-probe.ts';

export type ClientWriters = Pick<Peers, 'writeProbe'> & {
  /** Ends every session. */
  close(): Promise<void>;
};

/** A cluster has a handful of members; an address that is no longer asked gives way. */
const targetsMax = 32;

export function createClientWriters(options: {
  readonly clock: Clock;
  /** Who asks: its probes are told from those of other members by this name. */
  readonly member: MemberName;
  readonly credentials: Credentials;
  /** Called as soon as a kept session breaks. */
  readonly lost: (target: Endpoint) => void;
}): ClientWriters {
  const { clock, member, credentials, lost } = options;
  const writers = new Map<string, WriteProbe>();

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
      () => ({ endpoint: target, credentials, applicationName: `${probeName}-from-${member}` }),
      () => lost(target),
    );
    writers.set(address, writer);
    return writer;
  }

  return {
    writeProbe: (target, limitMs) => writerFor(target).write(limitMs),
    async close() {
      const all = [...writers.values()];
      writers.clear();
      await Promise.all(all.map((writer) => writer.letGo()));
    },
  };
}
