/** The end of the demo: a line per event, and whether anything was lost. */
import { renderTable } from '../../src/cli/table.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { thousands, wrapped } from '../../src/core/sla/text-layout.ts';
import { areEqual, type NodeRows } from '../rig/compare-nodes.ts';
import type { Round } from '../rig/round.ts';
import type { Verdict } from '../rig/verify.ts';

type Row = Pick<Round, 'fault' | 'outageMs' | 'redundantMs' | 'incident' | 'verdict'>;

const phases = ['detection', 'decision', 'promotion', 'routing'] as const;
const right = 'right';

/** Times in ms, at most 100 columns. `CLIENT` is what the client of the demo saw, the phases are the daemons' record. */
export function summaryTable(rounds: readonly Row[]): string {
  return renderTable(
    [
      { head: 'EVENT (times in ms)' },
      { head: 'CLIENT', align: right },
      ...phases.map((phase) => ({ head: phase.toUpperCase(), align: right }) as const),
      { head: 'REDUNDANT', align: right },
      { head: 'LOST', align: right },
      { head: 'CONTRACTS' },
    ],
    rounds.map(({ fault, outageMs, redundantMs, incident, verdict }) => [
      fault.label,
      String(outageMs),
      ...phases.map((phase) => String(incident?.phases[phase] ?? '-')),
      thousands(redundantMs),
      String(verdict.missing),
      contractsText(incident),
    ]),
  );
}

/** `2 met`, `1 BREACHED, 1 met`; `-` when nothing was judged. */
export function contractsText(incident: Incident | null): string {
  const outcomes = ['breached', 'unmeasured', 'excluded', 'met'] as const;
  const counts = outcomes.map((outcome) => {
    const count = incident?.verdicts.filter((verdict) => verdict.outcome.kind === outcome).length ?? 0;
    return count === 0 ? '' : `${count} ${outcome === 'breached' ? 'BREACHED' : outcome}`;
  });
  return counts.filter((text) => text !== '').join(', ') || '-';
}

/** `found` is each client's rows on each node, `acknowledged` all clients together. */
export function conclusion(acknowledged: number, found: readonly Verdict[], nodes: readonly NodeRows[]): string {
  const total = (count: (verdict: Verdict) => number) => found.reduce((sum, verdict) => sum + count(verdict), 0);
  const [missing, doubled, foreign] = [total((v) => v.missing), total((v) => v.doubled), total((v) => v.foreign)];
  const equal = areEqual(nodes);
  if (missing + doubled + foreign === 0 && equal)
    return `Nothing lost: ${thousands(acknowledged)} acknowledged writes, all there, both nodes equal.`;
  const examples = [...new Set(found.flatMap((verdict) => verdict.examples))].slice(0, 10);
  return wrapped(
    [
      missing === 0 ? '' : `LOST: ${thousands(missing)} of ${thousands(acknowledged)} acknowledged writes are missing.`,
      doubled === 0 ? '' : `${thousands(doubled)} rows are there more than once.`,
      foreign === 0 ? '' : `${thousands(foreign)} rows are there that nobody wrote.`,
      equal
        ? ''
        : `THE NODES DIFFER: ${nodes.map(({ name, rows, checksum }) => `${name} has ${thousands(rows)} rows, checksum ${checksum}`).join('; ')}.`,
      examples.length === 0 ? '' : `For example (writer/row): ${examples.join(', ')}.`,
    ].join(' '),
    2,
  ).join('\n');
}
