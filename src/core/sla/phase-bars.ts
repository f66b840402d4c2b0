/** Where the time of an outage went: each phase as a bar at its place between t0 and t7. */
import type { Ms } from '../units.ts';
import type { Incident, InstantName, Phases } from './incident.ts';

const BAR_COLUMNS = 46;
const STARTS: readonly (readonly [phase: keyof Phases, from: InstantName])[] = [
  ['detection', 't0'],
  ['decision', 't2'],
  ['promotion', 't3'],
  ['routing', 't6'],
];

export function phaseBars({ phases, instants }: Incident, durationText: (duration: Ms) => string): readonly string[] {
  const label = (name: string, duration: Ms | null) =>
    `  ${name.padEnd(11)}${(duration === null ? '-' : durationText(duration)).padStart(13)}`;
  const bars = STARTS.map(([phase, from]) => {
    const duration = phases[phase];
    const start = instants[from]?.monoMs ?? null;
    return duration === null || start === null || phases.outage === null
      ? label(phase, duration)
      : `${label(phase, duration)}  |${bar(start, duration, phases.outage)}|`;
  });
  return [
    'Phases',
    ...bars,
    `${label('OUTAGE', phases.outage)}${phases.outage === null ? '' : `  |${'='.repeat(BAR_COLUMNS)}|`}`,
    `${label('exposure', phases.exposure)}${phases.exposure === null ? '' : '  without a standby, after the outage'}`,
  ];
}

/** Anything that took time is seen: one column at least. What lies before t0 is not drawn. */
function bar(start: Ms, duration: Ms, outage: Ms): string {
  const column = (at: Ms) =>
    outage === 0 ? 0 : Math.round((Math.min(Math.max(at, 0), outage) / outage) * BAR_COLUMNS);
  const from = Math.min(column(start), BAR_COLUMNS - 1);
  const length = duration === 0 ? 0 : Math.max(1, column(start + duration) - from);
  return `${' '.repeat(from)}${'#'.repeat(length)}`.padEnd(BAR_COLUMNS);
}
