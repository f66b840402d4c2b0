/**
 * The layering check: dependency-cruiser with the import table, and proof that it looked. A cruise that found no
 * modules reports no violations either (it happens silently when it cannot load the TypeScript API), so too few is a
 * failure. Usage: node scripts/check-imports.ts [root], root being a tree with a `src` in it.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string; readonly severity: string };
  readonly cycle?: readonly { readonly name: string }[];
}
interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly Violation[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name?: string; readonly comment?: string }[] };
  };
}

const modulesMin = 20;
const outputBytesMax = 64 * 1024 * 1024;
const project = dirname(dirname(fileURLToPath(import.meta.url)));
const root = resolve(process.argv[2] ?? project);

const cruised = spawnSync(
  process.execPath,
  [
    join(project, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    'src',
    ...['--config', join(project, '.dependency-cruiser.cjs'), '--output-type', 'json'],
  ],
  { cwd: root, encoding: 'utf8', maxBuffer: outputBytesMax },
);
const problems = problemsOf(cruised.stdout, cruised.stderr);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function problemsOf(stdout: string, stderr: string): readonly string[] {
  if (stdout.trim() === '') return [`dependency-cruiser printed no result in ${root}: ${stderr.trim()}`];
  const cruise = JSON.parse(stdout) as Cruise;
  const looked = cruise.modules.filter(({ source }) => source.startsWith('src/')).length;
  const tooFew = `only ${looked} modules of src were looked at in ${root}, expected at least ${modulesMin}`;
  const comments = new Map(cruise.summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment]));
  const found = cruise.summary.violations.map(({ from, to, rule, cycle }) => {
    const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ');
    return `${rule.name}: ${from} -> ${way}${comments.get(rule.name) === undefined ? '' : `   (${comments.get(rule.name)})`}`;
  });
  if (found.length === 0 && looked >= modulesMin) process.stdout.write(`${looked} modules import inward\n`);
  return looked < modulesMin ? [tooFew, ...found] : found;
}
