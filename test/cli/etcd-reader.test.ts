import { describe, expect, test } from 'vitest';
import { createEtcdReader, type OpenedCoordinator } from '../../src/cli/etcd-reader.ts';
import { err, ok } from '../../src/core/result.ts';
import { monoMs, revision } from '../../src/core/units.ts';
import type { Observation, Snapshot } from '../../src/ports/coordinator.ts';
import { realClock } from '../support/real-clock.ts';

const snapshot: Snapshot = { revision: revision(7), etcdClusterId: '1', entries: new Map() };
const never = new AbortController().signal;

/** Observes these, in order, as soon as it is followed. `ended` says whether it was let go of. */
function coordinator(...observations: readonly Observation[]) {
  const ended = { followed: false, closed: false };
  const opened: OpenedCoordinator = {
    follow: (observe, signal) => {
      signal.addEventListener('abort', () => {
        ended.followed = true;
      });
      for (const observation of observations) queueMicrotask(() => observe(observation));
    },
    reachedMono: () => null,
    refresh: () => undefined,
    commit: async () => ({ kind: 'failed', problem: 'the command never writes' }),
    leaseTtl: async () => err('not asked'),
    close: () => {
      ended.closed = true;
    },
  };
  return { opened, ended };
}

describe('reading etcd once', () => {
  test('gives the first snapshot and lets go of the connection', async () => {
    const { opened, ended } = coordinator(
      { kind: 'unreachable', problem: 'a refuses' },
      { kind: 'snapshot', snapshot, confirmedMono: monoMs(1) },
    );
    expect(await createEtcdReader('domain-1', async () => ok(opened), realClock).read(2_000, never)).toEqual(
      ok(snapshot),
    );
    expect(ended).toEqual({ followed: true, closed: true });
  });

  test('gives up at its limit with the last trouble, and lets go', async () => {
    const { opened, ended } = coordinator({ kind: 'unreachable', problem: 'http://127.0.0.1:1 refuses' });
    expect(await createEtcdReader('domain-1', async () => ok(opened), realClock).read(50, never)).toEqual(
      err('http://127.0.0.1:1 refuses'),
    );
    expect(ended).toEqual({ followed: true, closed: true });
  });

  test('ends at once when it is interrupted', async () => {
    const { opened, ended } = coordinator();
    expect(
      await createEtcdReader('domain-1', async () => ok(opened), realClock).read(60_000, AbortSignal.abort()),
    ).toEqual(err('interrupted'));
    expect(ended.closed).toBe(true);
  });

  test('passes on why it could not be opened', async () => {
    expect(
      await createEtcdReader('domain-1', async () => err('no such file: ca.pem'), realClock).read(1_000, never),
    ).toEqual(err('no such file: ca.pem'));
  });
});
