/**
 * `npm run simulate -- [--seeds N] [--from N] [--seed N] [--mode available|strict|off] [--seconds N] [--events N]`
 *
 * Lives of a simulated cluster, one per seed and mode, on virtual time. Prints what was violated, the last events before
 * it, and how to see it again. Exit code 1 when anything was, 2 for an option that makes no sense.
 */
import { parseArgs } from 'node:util';
import type { SyncMode } from '../src/core/cluster.ts';
import { second } from '../src/core/units.ts';
import { type SimResult, simulate } from '../test/sim/simulate.ts';

const modes: readonly SyncMode[] = ['available', 'strict', 'off'];

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    mode: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    events: { type: 'string', default: '40' },
  },
});

/** A whole number from `least`; ends the process for anything else. */
function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  process.stderr.write(`--${name} ${text}: a whole number from ${least} is wanted\n`);
  process.exit(2);
}

function modesWanted(text: string | undefined): readonly SyncMode[] {
  if (text === undefined) return modes;
  const found = modes.find((mode) => mode === text);
  if (found !== undefined) return [found];
  process.stderr.write(`--mode ${text}: one of ${modes.join(', ')} is wanted\n`);
  process.exit(2);
}

const events = whole('events', values.events, 1);
const seconds = whole('seconds', values.seconds, 1);
const first = values.seed === undefined ? whole('from', values.from, 0) : whole('seed', values.seed, 0);
const count = values.seed === undefined ? whole('seeds', values.seeds, 1) : 1;

let failed = 0;
for (const mode of modesWanted(values.mode)) {
  const started = process.hrtime.bigint();
  const results: SimResult[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate({ seed, mode, durationMs: seconds * second });
    results.push({ ...result, events: [] });
    if (result.violations.length > 0) printViolation(result);
    else if (values.seed !== undefined) process.stdout.write(`${result.events.slice(-events).join('\n')}\n`);
  }
  const sum = (of: (result: SimResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const violated = results.filter((result) => result.violations.length > 0);
  failed += violated.length;
  process.stdout.write(
    `${mode}: ${results.length} seeds from ${first}, ${violated.length} with violations, ${sum((each) => each.acknowledged)} commits acknowledged, ` +
      `${sum((each) => each.promotions)} promotions, ${Math.round(sum((each) => each.virtualMs) / second)} s of virtual time ` +
      `in ${Number((process.hrtime.bigint() - started) / 1_000_000n)} ms\n`,
  );
}
process.exitCode = failed > 0 ? 1 : 0;

function printViolation({ seed, mode, violations, events: all }: SimResult): void {
  process.stdout.write(`\nseed ${seed}, mode ${mode}\n`);
  for (const { invariant, atMs, detail } of violations.slice(0, 5))
    process.stdout.write(`  at ${Math.round(atMs)} ms: ${invariant}: ${detail}\n`);
  process.stdout.write(
    `${all.slice(-events).join('\n')}\nreplay: npm run simulate -- --seed ${seed} --mode ${mode} --seconds ${seconds}\n\n`,
  );
}
