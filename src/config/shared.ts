/** Reads a shared configuration, from the file's `shared` section or from etcd's `config` key. */
import { z } from 'zod';
import type { SharedConfig } from '../core/cluster.ts';
import { err, ok, type Result } from '../core/result.ts';
import { channelSchema } from './channel-schema.ts';
import { contractProblems, contractSchema, siteSchema } from './contract-schema.ts';
import { type KeyDoc, knownKeys } from './known-keys.ts';
import { channelProblems } from './notice-policy.ts';
import { type ConfigProblem, problemsOf, valueAt } from './problem.ts';
import { sharedPolicy } from './shared-policy.ts';
import { type Shared, sharedSchema, sharedTextBytesMax, timingSchema } from './shared-schema.ts';
import { timingProblems } from './timing-checks.ts';

const docs: ReadonlyMap<string, KeyDoc> = knownKeys(sharedSchema);

/** The whole shared configuration as etcd holds it; every problem at once. */
export function readShared(text: string): Result<Shared, readonly ConfigProblem[]> {
  const whole = (problem: string, mend: string) => err([{ path: '', problem, mend }]);
  if (Buffer.byteLength(text) > sharedTextBytesMax)
    return whole(`is longer than ${sharedTextBytesMax} bytes`, 'take old contracts out');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return whole('is not JSON', 'write the shared section as one JSON object');
  }
  const parsed = sharedSchema.safeParse(document);
  const problems = [
    ...(parsed.success ? [] : problemsOf(parsed.error, document, docs)),
    ...sharedCrossProblems(document, []),
  ];
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(problems);
}

/** What decisions need of the `config` key: fits `parseCluster`. The error is one line. */
export function readSharedPolicy(text: string): Result<SharedConfig, string> {
  const shared = readShared(text);
  if (shared.ok) return ok(sharedPolicy(shared.value));
  const lines = shared.error.map(({ path, problem, mend }) => `${path === '' ? '' : `${path} `}${problem} (${mend})`);
  return err(lines.join('; ').slice(0, 1000));
}

/**
 * Checks between keys. Each group of keys that can be read at all is checked, so that one misspelt key elsewhere does
 * not hide them until the next attempt.
 */
export function sharedCrossProblems(document: unknown, prefix: readonly string[]): readonly ConfigProblem[] {
  const timing = timingSchema.safeParse(document);
  const sites = z.array(siteSchema).safeParse(valueAt(document, ['sites']) ?? []);
  const contracts = z.array(contractSchema).safeParse(valueAt(document, ['contracts']) ?? []);
  const channels = z.array(channelSchema).safeParse(valueAt(document, ['channels']) ?? []);
  return [
    ...(timing.success ? timingProblems(timing.data, prefix) : []),
    ...(sites.success && contracts.success ? contractProblems(sites.data, contracts.data, prefix) : []),
    ...(sites.success && contracts.success && channels.success
      ? channelProblems(channels.data, sites.data, contracts.data, prefix)
      : []),
  ];
}
