/** `npm run bench -- --sut NAME`: the same faults on Baton and on its peers. */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { enclosure, enclosureProblem } from '../../chaos/enclosure.ts';
import { startProgress } from '../../rig/progress.ts';
import { systems } from '../systems/all.ts';
import { faults } from './faults.ts';
import { parseSideBySide } from './options.ts';
import { plotSvg } from './plot.ts';
import { type Report, reportMarkdown, reportText, shortfalls } from './report.ts';
import type { Results } from './results.ts';
import { playInside, runSideBySide } from './run.ts';
import { type CellSummary, summariesOf } from './summary.ts';

/** The exit status. `program` runs this function. */
export async function benchSideBySide(program: string, argv: readonly string[]): Promise<number> {
  const options = parseSideBySide(argv);
  const inside = enclosure();
  if (inside !== null && options.round !== null) await playInside(inside, options.round);
  const problem =
    enclosureProblem() ?? (process.getuid?.() === 0 ? null : 'hosts need control groups, which only root may make');
  if (problem !== null) throw new Error(`NOT RUN, NOTHING WAS MEASURED: ${problem}`);
  const say = startProgress((line) => void process.stderr.write(line));
  const { results, file, code } = await runSideBySide(program, argv, options, say);
  if (results.rounds.length === 0) return code === 0 ? 1 : code;
  const report: Report = {
    faults: options.faults,
    summaries: summariesOf(results.rounds).toSorted((one, other) => placeOf(one) - placeOf(other)),
  };
  process.stdout.write(`${reportText(report)}\n\n`);
  writeReport(report, results, file);
  process.stdout.write(`${shortfalls(report).join('\n')}\n${results.rounds.length} rounds are in ${file}\n`);
  if (code !== 0) return code;
  return results.rounds.some(({ kind }) => kind === 'failed') || shortfalls(report).length > 0 ? 1 : 0;
}

const placeOf = ({ cell }: CellSummary): number =>
  systems.findIndex(({ name, setting }) => name === cell.system && setting === cell.setting);

/** Of all faults that the file has rounds of, beside it. */
function writeReport(report: Report, { machine, commands, rounds }: Results, file: string): void {
  const whole = { ...report, faults };
  const base = file.replace(/\.json$/, '');
  const at = rounds.at(-1)?.at ?? '';
  writeFileSync(
    `${base}.md`,
    reportMarkdown(whole, { machine, systems, commands, at, picture: basename(`${base}.svg`) }),
  );
  writeFileSync(`${base}.svg`, plotSvg(faults, whole.summaries));
}
