import { describe, expect, test } from 'vitest';
import { readShared, readSharedPolicy } from '../../src/config/shared.ts';

const policy = (document: unknown) => {
  const result = readSharedPolicy(JSON.stringify(document));
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const refusal = (text: string) => {
  const result = readSharedPolicy(text);
  return result.ok ? null : result.error;
};

describe("etcd's config key", () => {
  test('an empty document is all defaults', () => {
    expect(policy({})).toEqual({
      lease: { ttlMs: 5_000, heartbeatMs: 250, marginMs: 500 },
      guardian: { orphanMs: 10_000, silentMs: 2_000 },
      probe: { intervalMs: 1_000, deadlineMs: 500, doubtIntervalMs: 100, doubtDeadlineMs: 300, writeIntervalMs: 300 },
      failover: {
        hangMs: 1_500,
        streamSilenceMs: 1_000,
        refusedConfirmMs: 100,
        failsafeWindowMs: 1_500,
        coldStartWaitMs: 10_000,
        crashBudget: { count: 3, windowMs: 600_000 },
        cooldown: { count: 3, windowMs: 3_600_000 },
        maxLagBytes: 1_048_576,
      },
      synchronous: { mode: 'available' },
      fence: { remote: true },
    });
  });
  test('profile calm rides out a storage-path flap of 30 s, and leaves alone what is set', () => {
    expect(policy({ failover: { profile: 'calm' } }).failover).toMatchObject({
      hangMs: 36_000,
      streamSilenceMs: 24_000,
      refusedConfirmMs: 100,
    });
    expect(policy({ failover: { profile: 'calm', hang: '2s' } }).failover).toMatchObject({
      hangMs: 2_000,
      streamSilenceMs: 24_000,
    });
  });
  test('what is wrong is one line that names the keys', () => {
    expect(refusal('{"lease":{"tll":"5s"},"guardian":{"orphan":"4s"}}')).toBe(
      'lease.tll unknown key (did you mean ttl?)',
    );
    expect(refusal('{"guardian":{"orphan":"4s"}}')).toMatch(/^guardian\.orphan is shorter than lease\.ttl \(5s\)/);
    expect(refusal('{"sites":[{"id":"A","name":"x"}],"lease":{"ttl":5}}')).toMatch(
      /^lease\.ttl "5" is not a duration .*; sites\[0\]\.id not an id/,
    );
    expect(refusal('[]')).toMatch(/expected object/);
    expect(refusal('{')).toMatch(/^is not JSON/);
    expect(refusal(JSON.stringify({ x: 'x'.repeat(600 * 1024) }))).toMatch(/^is longer than/);
  });
  test("a slow etcd's election is the local file's business", () => {
    expect(refusal('{"lease":{"ttl":"3s"},"guardian":{"silent":"1s"}}')).toBeNull();
  });
  test('the whole document has sites and contracts too', () => {
    const result = readShared('{"sites":[{"id":"a","name":"A"}],"incident":{"after":"3s"}}');
    expect(result).toMatchObject({
      ok: true,
      value: { sites: [{ id: 'a', name: 'A' }], contracts: [], incident: { after: 3_000 } },
    });
  });
});
