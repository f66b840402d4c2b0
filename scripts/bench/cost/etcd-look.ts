/** One look at a real etcd: its own counters, and what of a cluster's keys was written how often. */
import { z } from 'zod';
import { type Sample, samplesOf } from './etcd-metrics.ts';
import type { KeyVersion } from './quiet-writes.ts';

const limitMs = 5_000;

const rangeSchema = z.object({
  kvs: z.array(z.object({ key: z.string(), create_revision: z.string(), version: z.string() })).default([]),
});

export async function metricsOf(endpoint: string): Promise<readonly Sample[]> {
  const response = await fetch(`${endpoint}/metrics`, { signal: AbortSignal.timeout(limitMs) });
  return samplesOf(await response.text());
}

/** Of every key below the prefix, by what follows it. */
export async function keyVersions(endpoint: string, prefix: string): Promise<readonly KeyVersion[]> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  // As etcd has it: the end is the prefix with its last character one further.
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  const response = await fetch(`${endpoint}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: base64(prefix), range_end: base64(end) }),
    signal: AbortSignal.timeout(limitMs),
  });
  return rangeSchema.parse(await response.json()).kvs.map(({ key, create_revision, version }) => ({
    key: Buffer.from(key, 'base64').toString().slice(prefix.length),
    createRevision: Number(create_revision),
    version: Number(version),
  }));
}
