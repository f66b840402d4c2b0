/** Real faults on real processes, a few of each family; all of them by hand: `npm run chaos -- --fault all --mode all`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { enclosureProblem } from '../../scripts/chaos/enclosure.ts';

const problem = enclosureProblem();
if (problem !== null) process.stderr.write(`CHAOS IS NOT TESTED: ${problem}\n`);

const program = join(import.meta.dirname, '../../scripts/chaos.ts');
const out = mkdtempSync(join(tmpdir(), 'baton-chaos-out-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const runLimitMs = 280_000;
const goneLimitMs = 15_000;

const start = (...args: readonly string[]) =>
  spawn(process.execPath, [program, ...args, '--out', out], { stdio: ['ignore', 'ignore', 'pipe'] });

test.skipIf(problem !== null)(
  'a few faults of each family do what is written next to them',
  { timeout: runLimitMs },
  async () => {
    const chaos = start('--fault', 'representative');
    const said: string[] = [];
    createInterface(chaos.stderr).on('line', (line) => said.push(line));
    const late = setTimeout(() => chaos.kill('SIGTERM'), runLimitMs - goneLimitMs);
    const [code] = (await once(chaos, 'exit')) as [number | null];
    clearTimeout(late);
    expect(code, said.join('\n')).toBe(0);
    const [file] = readdirSync(out).filter((name) => name.endsWith('.json'));
    const { rounds } = JSON.parse(readFileSync(join(out, file ?? ''), 'utf8')) as { rounds: { kind: string }[] };
    expect(rounds.length).toBeGreaterThan(5);
    expect(rounds.every(({ kind }) => kind === 'passed')).toBe(true);
  },
);

const ways: readonly (readonly [signal: NodeJS.Signals, code: number | null])[] = [
  ['SIGKILL', null],
  ['SIGINT', 130],
  ['SIGTERM', 143],
];

test.skipIf(problem !== null).for(ways)(
  'nothing is left of a run that gets %s in the middle',
  async ([signal, code]) => {
    const others = groupsNow();
    const chaos = start('--fault', 'freeze-host', '--seed', '1');
    for await (const line of createInterface(chaos.stderr)) if (line.includes('is frozen')) break;
    const inside = descendants(chaos.pid ?? 0);
    const groups = groupsNow().filter((group) => !others.includes(group));
    expect(inside.length).toBeGreaterThan(10);
    // Frozen processes are the hardest to end.
    await until('a frozen host', () => inside.some((pid) => stateOf(pid) === 'T') || groups.some(hasFrozenHost));
    chaos.kill(signal);
    const [ended] = (await once(chaos, 'exit')) as [number | null];
    expect(ended).toBe(code);
    await until('the end of all', () => !inside.some((pid) => stateOf(pid) !== null) && !groups.some(existsSync));
  },
);

async function until(what: string, fact: () => boolean): Promise<void> {
  const deadline = performance.now() + goneLimitMs;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`not within ${goneLimitMs} ms: ${what}`);
    await sleep(20);
  }
}

/** Control groups of chaos runs, of other runs too. */
const groupsNow = (): readonly string[] =>
  ['/sys/fs/cgroup/unified', '/sys/fs/cgroup']
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root).map((name) => join(root, name)))
    .filter((path) => basename(path).startsWith('baton-chaos-'));

const hasFrozenHost = (group: string): boolean =>
  readdirSync(group)
    .map((name) => join(group, name, 'cgroup.events'))
    .some((file) => existsSync(file) && readFileSync(file, 'utf8').includes('frozen 1'));

function descendants(ancestor: number): readonly number[] {
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const found = new Set([ancestor]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const pid of processes.map(Number)) if (found.has(Number(statusField(pid, 'PPid')))) found.add(pid);
  }
  return [...found];
}

/** One letter; null when it has ended. */
function stateOf(pid: number): string | null {
  const state = statusField(pid, 'State')?.[0] ?? 'X';
  return state === 'Z' || state === 'X' ? null : state;
}

function statusField(pid: number, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
