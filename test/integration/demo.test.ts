/** What a newcomer types first. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const project = join(import.meta.dirname, '../..');
const limitMs = 180_000;

test('npm run demo loses no write, tells every site of each event, leaves a report of each, and ends with the budget', {
  timeout: limitMs + 10_000,
}, async () => {
  const demo = promisify(execFile)(process.execPath, [join(project, 'scripts/demo.ts')], {
    cwd: project,
    timeout: limitMs,
    maxBuffer: 1024 ** 2,
  });
  const { stdout } = await demo; // Rejects, with what was printed, unless it exits with 0.
  expect(stdout.match(/^EVENT \d OF 3: .*/gm)).toHaveLength(3);
  for (const site of ["St Mary's Hospital", 'Royal Infirmary', 'County General Hospital', "Children's Hospital"]) {
    expect(stdout.match(new RegExp(`domain-1 is back for ${site}`, 'g')), site).toHaveLength(3);
  }
  expect(stdout).toMatch(/^northern-trust-records\s+99\.9 %/m);
  const reports = stdout.match(/demo-reports\/\S+\.html/g) ?? [];
  expect(reports).toHaveLength(3);
  for (const report of reports) {
    expect(existsSync(join(project, report)), report).toBe(true);
    expect(readFileSync(join(project, report), 'utf8')).toContain('<svg');
  }
  expect(stdout).toMatch(/^Nothing lost: [\d,]+ acknowledged writes, all there, both nodes equal\.$/m);
});
