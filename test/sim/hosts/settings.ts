/** The configuration of the simulated members: the product's own defaults, with budgets that many faults do not use up. */
import { readSharedPolicy } from '../../../src/config/shared.ts';
import type { SharedConfig, SyncMode } from '../../../src/core/cluster.ts';
import type { Result } from '../../../src/core/result.ts';
import { KiB, type MemberName, type Ms } from '../../../src/core/units.ts';
import type { MemberSettings } from '../../../src/daemon/supervisor.ts';

export const silentMs: Ms = 2_000;
export const cluster = 'simulated';

/** Small, so that a life of minutes can exceed it. */
export const maxLagBytes = 32 * KiB;

/** `host`: where it is reached, for a daemon whose name another has as well. */
export function settingsOf(name: MemberName, mode: SyncMode, host: string = name): MemberSettings {
  const sharedText = JSON.stringify({
    synchronous: { mode },
    failover: { crashBudget: '99 in 1h', cooldown: '99 in 1h', maxLag: `${maxLagBytes / KiB}KiB` },
  });
  const shared = parseConfig(sharedText);
  if (!shared.ok) throw new Error(`the simulator's configuration: ${shared.error}`);
  return {
    cluster,
    name,
    location: `site-${name}`,
    priority: 100,
    nofailover: false,
    nosync: false,
    postgres: { host, port: 5432 },
    apiUrl: `http://${host}:8008`,
    shared: shared.value,
    sharedText,
  };
}

/** What the product reads a configuration with. Each daemon that starts reads the same few texts: each is read once. */
export function parseConfig(text: string): Result<SharedConfig, string> {
  let read = readTexts.get(text);
  if (read === undefined) {
    if (readTexts.size >= readTextsMax) readTexts.clear();
    read = readSharedPolicy(text);
    readTexts.set(text, read);
  }
  return read;
}

const readTexts = new Map<string, Result<SharedConfig, string>>();
const readTextsMax = 100;
