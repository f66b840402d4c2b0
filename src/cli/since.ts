/** `--since`: an instant, or how long ago. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/quantity.ts';
import { type Ms, type WallMs, wallMs } from '../core/units.ts';

export type Since = { readonly kind: 'at'; readonly wall: WallMs } | { readonly kind: 'ago'; readonly ms: Ms };

/** Throws InvalidArgumentError for what is neither. */
export function since(text: string): Since {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return { kind: 'ago', ms };
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isInstant ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Write an instant like 2008-04-24T09:15:00Z, or how long ago: 30m, 12h, 7d.');
  return { kind: 'at', wall: wallMs(at) };
}

/** Null when it was not given: everything. */
export function sinceWall(given: Since | undefined, now: WallMs): WallMs | null {
  if (given === undefined) return null;
  return given.kind === 'at' ? given.wall : wallMs(now - given.ms);
}
