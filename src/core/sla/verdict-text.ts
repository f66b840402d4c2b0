/** What a contract says about an incident, for people. */
import { absurd } from '../result.ts';
import type { Ms } from '../units.ts';
import type { Incident, Measure, Verdict, VerdictOutcome } from './incident.ts';
import { bytesText, wrapped } from './text-layout.ts';

export const LABELS: Readonly<Record<VerdictOutcome['kind'], string>> = {
  breached: 'BREACHED',
  unmeasured: 'unmeasured',
  excluded: 'excluded',
  met: 'met',
};
const ORDER = Object.keys(LABELS);

export const worstFirst = (verdicts: readonly Verdict[]): readonly Verdict[] =>
  verdicts.toSorted((a, b) => ORDER.indexOf(a.outcome.kind) - ORDER.indexOf(b.outcome.kind));

export function verdictLines(
  verdict: Verdict,
  { phases }: Incident,
  durationText: (duration: Ms) => string,
): readonly string[] {
  const { outcome, measures } = verdict;
  const head = `${verdict.customer} (${verdict.contract}, version ${verdict.contractVersion})`;
  const details = [
    ...(outcome.kind === 'excluded' ? [outcome.why] : []),
    ...measures.map((measure) => measureText(measure, phases.outage, durationText)),
  ];
  return [
    ...wrapped(head, 14, `  ${LABELS[outcome.kind].padEnd(12)}`),
    ...details.flatMap((detail) => wrapped(detail, 16, ' '.repeat(14))),
  ];
}

/** One number that was compared with its limit. */
export function measureText(measure: Measure, outage: Ms | null, durationText: (duration: Ms) => string): string {
  switch (measure.of) {
    case 'rto': {
      const part = measure.actualMs !== outage ? ' in service hours' : '';
      return compared(`outage${part}`, measure.actualMs, measure.limitMs, durationText);
    }
    case 'rpo-bytes':
      return compared('lost', measure.actualBytes, measure.limitBytes, bytesText);
    case 'rpo-time':
      return compared('lost as time', measure.actualMs, measure.limitMs, durationText);
    case 'detection':
      return compared('detected in', measure.actualMs, measure.limitMs, durationText);
    default:
      return absurd(measure);
  }
}

function compared(name: string, actual: number | null, limit: number, text: (value: number) => string): string {
  const allowed = `${text(limit)} allowed`;
  if (actual === null) return `${name}: not measured, ${allowed}`;
  return `${name} ${text(actual)}, ${allowed}${actual > limit ? `: OVER BY ${text(actual - limit)}` : ''}`;
}
