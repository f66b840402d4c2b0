import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('npm run example:2008 prints the story of 2008, recomputed from its rows', async () => {
  const script = fileURLToPath(new URL('../../scripts/example-2008.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toContain('There was an incident from 09:15 until 09:59 on 24 April 2008');
  await expect(stdout).toMatchFileSnapshot('golden/hospital-2008.txt');
});
