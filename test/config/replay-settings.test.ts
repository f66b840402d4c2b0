/** `--set`: which limits can be tried on a journal, and what is refused as in a configuration. */
import { describe, expect, test } from 'vitest';
import { overridesOn, parseSettings, wouldBeRefused } from '../../src/config/replay-settings.ts';
import { policy } from '../core/a-view.ts';

const tried = (...texts: readonly string[]) => {
  const settings = parseSettings(texts);
  const overrides = settings.ok ? overridesOn(policy, settings.value) : settings;
  return overrides.ok
    ? overrides.value
    : overrides.error.map(({ path, problem, mend }) => `${path} ${problem}: ${mend}`);
};

describe('a setting', () => {
  test.each([
    [['lease.ttl=3s'], { lease: { ttlMs: 3_000 }, failover: {} }],
    [[' lease.margin = 700ms '], { lease: { marginMs: 700 }, failover: {} }],
    [['lease.ttl=3s', 'failover.hang=1s', 'lease.ttl=4s'], { lease: { ttlMs: 4_000 }, failover: { hangMs: 1_000 } }],
    [['failover.profile=calm'], { lease: {}, failover: { hangMs: 36_000, streamSilenceMs: 24_000 } }],
    [
      ['failover.profile=calm', 'failover.hang=5s'],
      { lease: {}, failover: { hangMs: 5_000, streamSilenceMs: 24_000 } },
    ],
    [[], { lease: {}, failover: {} }],
  ])('%s is tried over what was in force', (texts, overrides) => {
    expect(tried(...texts)).toEqual(overrides);
  });

  test.each([
    [
      'lease.tll=3s',
      'lease.tll unknown key: did you mean lease.ttl? possible are lease.ttl, lease.margin, failover.profile',
    ],
    ['colour=red', 'colour unknown key: possible are lease.ttl'],
    ['probe.interval=1s', 'probe.interval cannot be tried on a journal: it decides what is observed'],
    ['lease.heartbeat=100ms', 'lease.heartbeat cannot be tried on a journal'],
    ['lease.ttl', 'lease.ttl is no setting: write KEY=VALUE'],
    ['lease.ttl=', 'lease.ttl= is no setting'],
    ['lease.ttl=3', 'lease.ttl "3" is not a duration: write a duration from 1s to 5m'],
    ['lease.ttl=3500ms', 'lease.ttl is not whole seconds'],
    ['lease.ttl=2s', 'guardian.silent is not shorter than lease.ttl - lease.margin'],
    ['failover.hang=200ms', 'failover.hang is too short for two failed probes in doubt: make it at least 700ms'],
    ['failover.profile=brave', 'failover.profile '],
  ])('%s is refused, with what to write instead', (text, says) => {
    expect(tried(text)).toEqual([expect.stringContaining(says)]);
  });
});

test('a lease that is shorter than an etcd election is tried, and it is said that batond would not run with it', () => {
  const refused = (ttlMs: number) => wouldBeRefused(policy, { lease: { ttlMs } }, 1_000);
  expect([refused(4_000), refused(3_000)]).toEqual([
    null,
    expect.stringContaining('3s does not outlive an etcd election'),
  ]);
});
