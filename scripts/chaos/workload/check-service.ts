/** How well the clients were served: when nobody got an acknowledgement, and how long the others took. */
import { type Gap, gapMsMin } from '../../rig/acknowledgements.ts';
import { acknowledgedWrites, type History } from './history.ts';
import type { Verdict } from './verdict.ts';

/** The time before the first acknowledgement and after the last operation is nobody's outage. */
export function checkService(history: Pick<History, 'operations'>): Pick<Verdict, 'gaps' | 'latency'> {
  const writes = acknowledgedWrites(history);
  const instants = writes.map(({ answeredMono }) => answeredMono).toSorted((one, other) => one - other);
  const endMono = history.operations.reduce((latest, { answeredMono }) => Math.max(latest, answeredMono), 0);
  const gaps = [...instants.slice(1), ...(instants.length > 0 ? [endMono] : [])]
    .map((toMono, index): Gap => {
      const fromMono = instants[index] ?? toMono;
      return { fromMono, toMono, lengthMs: toMono - fromMono };
    })
    .filter(({ lengthMs }) => lengthMs >= gapMsMin)
    .toSorted((one, other) => other.lengthMs - one.lengthMs);
  return { gaps, latency: latencyOf(writes.map(({ sentMono, answeredMono }) => answeredMono - sentMono)) };
}

function latencyOf(durations: readonly number[]): Verdict['latency'] {
  const sorted = durations.toSorted((one, other) => one - other);
  const at = (quantile: number) => sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
