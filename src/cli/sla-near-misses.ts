/** `baton sla near-misses`: doubts about a leader that healed, with what was left until a failure would have been declared. */
import { ok, type Result } from '../core/result.ts';
import { type NearMiss, signsText, sumOf, usedPercent } from '../core/sla/near-miss/near-miss.ts';
import { durationText } from '../core/sla/timeline-text.ts';
import type { WallMs } from '../core/units.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { parseRecordValue } from '../wire/kept-record.ts';
import { formatNearMiss, nearMissKeyPrefix, nearMissListSchema, parseNearMiss } from '../wire/near-miss.ts';
import { ask } from './ask.ts';
import type { Failure } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { renderTable, shorten } from './table.ts';
import type { VerbContext, VerbResult } from './verb.ts';

/** `since` null: all that are known. */
export async function slaNearMisses(context: VerbContext, since: WallMs | null): VerbResult {
  const read = await readNearMisses(context, since);
  if (!read.ok) return read;
  const { source, value } = read.value;
  return ok({
    json: { source: source.kind, nearMisses: value.map(formatNearMiss) },
    text: sourceNote(source, context.terminal.paint) + renderNearMisses(value),
  });
}

async function readNearMisses(
  context: VerbContext,
  since: WallMs | null,
): Promise<Result<Sourced<readonly NearMiss[]>, Failure>> {
  const query = since === null ? '' : `?since=${encodeURIComponent(new Date(since).toISOString())}`;
  return orFromEtcd(context, await ask(context, `/v1/near-misses${query}`, nearMissListSchema), (snapshot) =>
    ok(nearMissesIn(snapshot).filter(({ until }) => since === null || until >= since)),
  );
}

/** Those among the keys of etcd, oldest first. */
const nearMissesIn = (snapshot: Snapshot): readonly NearMiss[] =>
  [...snapshot.entries]
    .flatMap(([key, entry]) => {
      const value = key.startsWith(nearMissKeyPrefix) ? parseRecordValue(entry.value) : null;
      return value === null ? [] : (parseNearMiss({ key, value }) ?? []);
    })
    .toSorted((one, other) => one.until - other.until);

/** Oldest first, so that the newest is next to the prompt. */
export function renderNearMisses(misses: readonly NearMiss[]): string {
  if (misses.length === 0) return 'No near miss is known.';
  const table = renderTable(
    [
      { head: 'TIME (UTC)' },
      { head: 'SEEN BY' },
      { head: 'WHAT' },
      { head: 'LASTED', align: 'right' },
      { head: 'HEADROOM', align: 'right' },
      { head: 'USED', align: 'right' },
    ],
    misses.map((miss) => {
      const percent = usedPercent(miss);
      const many = miss.count === 1 ? '' : ` x${miss.count}`;
      return [
        new Date(miss.at).toISOString().slice(5, 19).replace('T', ' '),
        shorten(miss.seenBy, 12),
        `${shorten(signsText(miss), 27)}${many}`,
        durationText(miss.lastedMs),
        miss.headroomMs === null ? '-' : durationText(miss.headroomMs),
        percent === null ? '-' : `${percent} %`,
      ];
    }),
  );
  return `${table}\n\n${summary(misses)}`;
}

function summary(misses: readonly NearMiss[]): string {
  const { count, smallestHeadroomMs, rule } = sumOf(misses, { from: 0, to: Number.POSITIVE_INFINITY });
  const closest =
    smallestHeadroomMs === null
      ? 'no rule was on the way to declare a failure'
      : `the closest had ${durationText(smallestHeadroomMs)} left until ${rule ?? 'a rule'}`;
  return `${count} ${count === 1 ? 'doubt' : 'doubts'} healed; ${closest}.`;
}
