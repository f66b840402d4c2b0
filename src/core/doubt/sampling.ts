/** How often the view of a doubt is journalled: closely while it is young, and never so often that it fills the disk. */
import type { MonoMs, Ms } from '../units.ts';
import { minute, second } from '../units.ts';

export interface Sampling {
  readonly sampledMono: MonoMs | null;
  /** How many samples may still be taken, as of `countedMono`. */
  readonly left: number;
  readonly countedMono: MonoMs | null;
}

/** A bad night: some thousand samples, and a journal that still reaches back to the evening. */
const leftMax = 300;
const refillEveryMs: Ms = 10 * second;

/** A doubt that lasts is looked at ever less often: it is about the same then. */
const cadence: readonly (readonly [lastedMs: Ms, everyMs: Ms])[] = [
  [10 * second, 100],
  [2 * minute, 1 * second],
  [Number.POSITIVE_INFINITY, 30 * second],
];

export const noSamples: Sampling = { sampledMono: null, left: leftMax, countedMono: null };

/** `edge`: a doubt has just begun or ended, which is always worth a line while there is room for any. */
export function sampled(
  before: Sampling,
  nowMono: MonoMs,
  lastedMs: Ms,
  edge: boolean,
): { readonly sampling: Sampling; readonly take: boolean } {
  const refilled = before.countedMono === null ? 0 : (nowMono - before.countedMono) / refillEveryMs;
  const left = Math.min(leftMax, before.left + refilled);
  const everyMs = cadence.find(([limitMs]) => lastedMs < limitMs)?.[1] ?? minute;
  const due = edge || before.sampledMono === null || nowMono - before.sampledMono >= everyMs;
  const take = due && left >= 1;
  return {
    take,
    sampling: {
      sampledMono: take ? nowMono : before.sampledMono,
      left: take ? left - 1 : left,
      countedMono: nowMono,
    },
  };
}
