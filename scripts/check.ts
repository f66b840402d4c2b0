/** `npm run check`: types, lint and format, layering, file sizes, dead code. All run; the output of failures is shown. */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

const steps: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types', 'tsc', ['--noEmit', '-p', '.']],
  ['lint and format', 'biome', ['check', '--diagnostic-level=warn', '--error-on-warnings', '.']],
  ['imports', 'node', ['scripts/check-imports.ts']],
  ['file sizes', 'node', ['scripts/check-size.ts']],
  ['dead code', 'knip', ['--no-progress']],
];

const failed = steps.filter(([name, command, args]) => {
  const started = performance.now();
  const ran = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const passed = ran.status === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(16)} ${seconds} s\n`);
  if (!passed) process.stdout.write(`${ran.error?.message ?? ''}${ran.stdout ?? ''}${ran.stderr ?? ''}\n`);
  return !passed;
});

if (failed.length > 0) {
  process.stderr.write(`check: ${failed.map(([name]) => name).join(', ')} failed\n`);
  process.exitCode = 1;
}
