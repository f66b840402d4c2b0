/** Everything that etcd holds of a rig's cluster, read and written past every daemon, through etcd's JSON gateway. */
import type { Rig } from '../rig/rig.ts';

export interface EtcdEntry {
  readonly key: string;
  readonly value: string;
  /** '0' when it is on none. */
  readonly lease: string;
}

const limitMs = 10_000;
/** Leases of a snapshot run on from its restoring; they are granted anew here, with the default ttl. */
const leaseTtlS = 5;
const encode = (text: string): string => Buffer.from(text).toString('base64');
const decode = (text: string): string => Buffer.from(text, 'base64').toString();

export async function readEtcd(rig: Rig): Promise<readonly EtcdEntry[]> {
  const from = prefixOf(rig);
  const { kvs = [] } = await ask<{ kvs?: { key: string; value?: string; lease?: string }[] }>(rig, '/v3/kv/range', {
    key: encode(from),
    range_end: encode(`${from.slice(0, -1)}0`), // "0" comes after "/".
  });
  return kvs.map(({ key, value = '', lease = '0' }) => ({ key: decode(key), value: decode(value), lease }));
}

/** Each key on the lease that it has, if that lives; one that is gone is granted again under its number. */
export async function writeEtcd(rig: Rig, entries: readonly EtcdEntry[]): Promise<void> {
  for (const lease of new Set(entries.map((entry) => entry.lease)))
    if (lease !== '0' && !(await lives(rig, lease)))
      await ask(rig, '/v3/lease/grant', { ID: lease, TTL: String(leaseTtlS) });
  for (const { key, value, lease } of entries)
    await ask(rig, '/v3/kv/put', { key: encode(key), value: encode(value), lease });
}

/** `names`: below the cluster's prefix. */
export async function deleteEtcd(rig: Rig, names: readonly string[]): Promise<void> {
  for (const name of names) await ask(rig, '/v3/kv/deleterange', { key: encode(`${prefixOf(rig)}${name}`) });
}

async function lives(rig: Rig, lease: string): Promise<boolean> {
  const { TTL = '-1' } = await ask<{ TTL?: string }>(rig, '/v3/lease/timetolive', { ID: lease });
  return Number(TTL) > 0;
}

const prefixOf = ({ cluster }: Rig): string => `/service/${cluster}/`;

async function ask<T>(rig: Rig, path: string, body: object): Promise<T> {
  const [endpoint] = rig.etcd.endpoints;
  const signal = AbortSignal.timeout(limitMs);
  const response = await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body), signal });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
