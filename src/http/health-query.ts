/** The query of a health check: `?lag=16MB&replication_state=streaming&tag_nosync=false`. */
import type { HealthLimits } from '../core/health.ts';
import { err, ok, type Result } from '../core/result.ts';
import { KiB, MiB } from '../core/units.ts';

/** Patroni's and PostgreSQL's spelling: binary in spite of their names. */
const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: KiB,
  mb: MiB,
  gb: 1024 * MiB,
  tb: 1024 * 1024 * MiB,
  kib: KiB,
  mib: MiB,
  gib: 1024 * MiB,
};

/** Bytes, plain or with a unit. Null when it is neither. */
export function parseLag(text: string): number | null {
  const [, digits, unit] = /^([0-9]{1,15})\s*([A-Za-z]{0,3})$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : unitBytes[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

export function parseLagOf(query: URLSearchParams): Result<number | null, string> {
  const text = query.get('lag');
  if (text === null) return ok(null);
  const bytes = parseLag(text);
  return bytes === null ? err(`lag=${text.slice(0, 40)} is not a size, like 1048576 or 16MB`) : ok(bytes);
}

export function parseLimits(query: URLSearchParams): Result<HealthLimits, string> {
  const lag = parseLagOf(query);
  if (!lag.ok) return lag;
  const tags = [...query]
    .filter(([key]) => key.startsWith('tag_'))
    .map(([key, value]): [string, string] => [key.slice('tag_'.length), value]);
  return ok({ lagBytesMax: lag.value, replicationState: query.get('replication_state'), tags: new Map(tags) });
}
