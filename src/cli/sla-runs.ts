/** `baton sla runs`: what was done on schedule, and what was skipped or missed and why. */
import { ok, type Result } from '../core/result.ts';
import { type Run, runsOf } from '../core/sla/schedule/run.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { parseRecordValue } from '../wire/kept-record.ts';
import { parseRun, runKeyPrefix, runListSchema } from '../wire/run-records.ts';
import { ask } from './ask.ts';
import type { Failure } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { renderTable, shorten } from './table.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export async function slaRuns(context: VerbContext): VerbResult {
  const runs = await readRuns(context);
  if (!runs.ok) return runs;
  const { source, value } = runs.value;
  return ok({
    json: { source: source.kind, runs: value },
    text: sourceNote(source, context.terminal.paint) + renderRuns(value),
  });
}

async function readRuns(context: VerbContext): Promise<Result<Sourced<readonly Run[]>, Failure>> {
  return orFromEtcd(context, await ask(context, '/v1/runs', runListSchema), (snapshot) => ok(runsIn(snapshot)));
}

/** The runs among the keys of etcd. */
export function runsIn(snapshot: Snapshot): readonly Run[] {
  const records = [...snapshot.entries].flatMap(([key, entry]) => {
    const value = key.startsWith(runKeyPrefix) ? parseRecordValue(entry.value) : null;
    return value === null ? [] : (parseRun({ key, value }) ?? []);
  });
  return runsOf(
    records.flatMap((record) => (record.kind === 'claim' ? [record.claim] : [])),
    records.flatMap((record) => (record.kind === 'end' ? [record.end] : [])),
  );
}

/** Oldest first, so that the newest is next to the prompt. */
export function renderRuns(runs: readonly Run[]): string {
  if (runs.length === 0) return 'Nothing was done on schedule yet: see shared.reports and shared.drill.';
  return renderTable(
    [{ head: 'DUE (UTC)' }, { head: 'WHAT' }, { head: 'RESULT' }, { head: 'BY' }, { head: 'SAYS' }],
    runs.map(({ claim, end }) => {
      const result = claim.what === 'begun' ? (end?.outcome ?? 'begun') : claim.what;
      const says = [claim.says, end?.says ?? ''].filter((text) => text !== '').join('; ');
      return [
        new Date(claim.due).toISOString().slice(0, 19).replace('T', ' '),
        claim.job,
        claim.count === 1 ? result : `${result} x${claim.count}`,
        shorten(end?.by ?? claim.by, 12),
        shorten(says, 24),
      ];
    }),
  );
}
