/** The keys of a rig's cluster as etcd holds them, read and written past every daemon, through etcd's own JSON gateway. */
import type { Rig } from '../../scripts/rig/rig.ts';

export interface EtcdKey {
  readonly value: string;
  /** Changes with every write of the key; with how many writes since it was created, in `version`. */
  readonly modRevision: string;
  readonly version: number;
  /** '0' when it is on no lease. */
  readonly lease: string;
}

const limitMs = 5_000;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Null when there is no such key. `key` is relative to the cluster's prefix. */
export async function readKey(rig: Rig, key: string): Promise<EtcdKey | null> {
  const { kvs = [] } = (await ask(rig, '/v3/kv/range', { key: base64(pathOf(rig, key)) })) as {
    kvs?: { value?: string; mod_revision: string; version: string; lease?: string }[];
  };
  const [found] = kvs;
  if (found === undefined) return null;
  return {
    value: Buffer.from(found.value ?? '', 'base64').toString(),
    modRevision: found.mod_revision,
    version: Number(found.version),
    lease: found.lease ?? '0',
  };
}

/** What a key of JSON holds. Throws when there is no such key. */
export async function readJsonKey(rig: Rig, key: string): Promise<Record<string, unknown>> {
  const found = await readKey(rig, key);
  if (found === null) throw new Error(`etcd has no key ${pathOf(rig, key)}`);
  return JSON.parse(found.value) as Record<string, unknown>;
}

/** On no lease, unless one is named. */
export async function writeKey(rig: Rig, key: string, value: string, lease = '0'): Promise<void> {
  await ask(rig, '/v3/kv/put', { key: base64(pathOf(rig, key)), value: base64(value), lease });
}

export async function removeKey(rig: Rig, key: string): Promise<void> {
  await ask(rig, '/v3/kv/deleterange', { key: base64(pathOf(rig, key)) });
}

const pathOf = (rig: Rig, key: string): string => `/service/${rig.cluster}/${key}`;

async function ask(rig: Rig, path: string, body: object): Promise<unknown> {
  const [endpoint] = rig.etcd.endpoints;
  const signal = AbortSignal.timeout(limitMs);
  const response = await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body), signal });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
