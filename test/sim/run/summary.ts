/** What a run of many lives says at its end. */
import { second } from '../../../src/core/units.ts';
import { type Life, type Lived, modes, replayOf } from './life.ts';
import type { Run } from './lives.ts';

/** How many lives are named for each invariant. */
const namedMax = 5;

export function summaryOf({ lived, failed, cpuMicros }: Run, wallMs: number, processes: number): string {
  const lines: string[] = [];
  for (const mode of modes) {
    const ofMode = lived.filter(({ life }) => life.mode === mode);
    if (ofMode.length > 0) lines.push(`${mode}: ${countsOf(ofMode)}`);
  }
  const virtualS = sum(lived, ({ virtualMs }) => virtualMs) / second;
  const cpuS = cpuMicros / 1e6;
  if (cpuS > 0) {
    lines.push(
      `${lived.length} lives of ${Math.round(virtualS)} virtual s in ${(wallMs / second).toFixed(1)} s on ${processes} processes: ` +
        `${(lived.length / cpuS).toFixed(1)} lives and ${Math.round(virtualS / cpuS)} virtual s per s of one core`,
    );
  }
  lines.push(...violationsByInvariant(lived));
  for (const { life, problem } of failed) lines.push(`FAILED ${replayOf(life)}\n  ${problem}`);
  return lines.join('\n');
}

const countsOf = (lived: readonly Lived[]): string =>
  [
    `${lived.length} lives`,
    `${lived.filter(({ violations }) => violations.length > 0).length} with violations`,
    `${sum(lived, ({ acknowledged }) => acknowledged)} commits acknowledged`,
    `${sum(lived, ({ promotions }) => promotions)} promotions`,
  ].join(', ');

/** The first violation of each life, the most frequent invariant first. */
function violationsByInvariant(lived: readonly Lived[]): readonly string[] {
  const byInvariant = new Map<string, Life[]>();
  for (const { life, violations } of lived) {
    const [first] = violations;
    if (first !== undefined) byInvariant.set(first.invariant, [...(byInvariant.get(first.invariant) ?? []), life]);
  }
  return [...byInvariant]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([invariant, lives]) => {
      const named = lives.slice(0, namedMax).map(({ seed, mode }) => `${seed} (${mode})`);
      return `VIOLATED ${invariant}: ${lives.length} lives, seeds ${named.join(', ')}${lives.length > namedMax ? ', …' : ''}`;
    });
}

const sum = (lived: readonly Lived[], of: (lived: Lived) => number): number =>
  lived.reduce((total, each) => total + of(each), 0);
