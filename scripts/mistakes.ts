/**
 * `npm run mistakes -- [--seeds N] [--seconds N] [NAME…]`
 *
 * Plants each known mistake and lives seeds with faults of every kind until one shows it: how much luck is needed where
 * no scenario aims (`npm test` runs those). Exit code 1 when some mistake showed in none of the lives.
 */
import { parseArgs } from 'node:util';
import { knownMistakes } from '../test/sim/mistakes/index.ts';
import { searchMistake } from '../test/sim/mistakes/catch-mistake.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '500' }, seconds: { type: 'string', default: '30' } },
});
const [seeds, seconds] = [Number(values.seeds), Number(values.seconds)];
const wanted = positionals.length === 0 ? Object.keys(knownMistakes) : positionals;

for (const name of wanted) {
  const mistake = knownMistakes[name];
  if (mistake === undefined) throw new RangeError(`there is no mistake ${name}`);
  const started = performance.now();
  const caught = await searchMistake(name, mistake, seeds, seconds);
  const took = `${Math.round((performance.now() - started) / 1_000)} s`;
  process.stdout.write(
    caught === null
      ? `${name}: in none of ${seeds} lives (${took})\n`
      : `${name}: ${caught.by} (${took}): ${caught.shows}\n`,
  );
  if (caught === null) process.exitCode = 1;
}
