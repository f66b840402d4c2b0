/** The bench of systems side by side, end to end, with the one system that needs no other package. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readResults } from '../../scripts/bench/side-by-side/results.ts';
import { enclosureProblem } from '../../scripts/chaos/enclosure.ts';

const problem = enclosureProblem() ?? (process.getuid?.() === 0 ? null : 'hosts need control groups');
if (problem !== null) process.stderr.write(`SYSTEMS SIDE BY SIDE ARE NOT TESTED: ${problem}\n`);

const program = join(import.meta.dirname, '../../scripts/bench.ts');
const directory = mkdtempSync(join(tmpdir(), 'baton-side-by-side-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function bench(...args: readonly string[]): Promise<string> {
  const command = [program, '--sut', 'baton', '--fault', 'postmaster-killed', '--runs', '1', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said;
}

test.skipIf(problem !== null)(
  'a round is measured, drawn, kept, and not played again when the run goes on',
  { timeout: 280_000 },
  async () => {
    const out = join(directory, 'out');
    const said = await bench('--out', out);
    const file = join(out, 'peers.json');
    const rounds = readResults(file)?.rounds ?? [];
    expect(rounds, said).toHaveLength(1);
    expect(rounds[0], said).toMatchObject({
      ...{ kind: 'seen', system: 'baton', fault: 'postmaster-killed' },
      seen: { moved: true, lost: 0, wrong: 0, twoWritableMs: 0, outageEnded: true },
    });
    expect(existsSync(join(out, 'peers.md')) && existsSync(join(out, 'peers.svg'))).toBe(true);
    await bench('--resume', file);
    expect(readResults(file)?.rounds).toEqual(rounds);
  },
);
