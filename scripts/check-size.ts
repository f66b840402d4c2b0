/** One concept per file: no file of src is longer than 300 lines. Usage: node scripts/check-size.ts [root] */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const linesMax = 300;
const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const files = globSync('src/**/*.ts', { cwd: root });
const long = files
  .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > linesMax);

if (files.length === 0) process.stderr.write(`no file of src was found in ${root}\n`);
for (const { file, lines } of long)
  process.stderr.write(`${file} has ${lines} lines, the limit is ${linesMax}: split it\n`);
process.exitCode = files.length === 0 || long.length > 0 ? 1 : 0;
