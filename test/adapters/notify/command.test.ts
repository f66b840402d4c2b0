/** Commands of the host: no shell, JSON on standard input, bounded, and ended with all their children. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import type { Channel } from '../../../src/core/sla/notices/channel.ts';
import { aNotifier, anOverNotice, deadline } from './a-notice.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-command-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const page: Channel = { id: 'page', kind: 'command', run: 'page', templates: {} };
const run = (argv: readonly string[], signal = deadline(10_000)) =>
  aNotifier({ commands: { page: argv } }).deliver(page, anOverNotice, signal);

test('it reads the notice as JSON, and its arguments are never a shell’s', async () => {
  const [out, where] = [join(directory, 'out'), join(directory, 'where')];
  const script = `cat > "$1"; { pwd; echo "$2"; echo "$BATON_NOTICE_KEY"; } > "$3"`;
  const result = await run(['/bin/sh', '-c', script, 'page', out, '$(id) ; true', where]);
  expect(result).toEqual(ok({ remark: null }));
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ id: anOverNotice.key, data: { occasion: 'over' } });
  expect(readFileSync(where, 'utf8')).toBe(`/\n$(id) ; true\n${anOverNotice.key}\n`);
});

test('one that does not read its input is judged by its exit code', async () => {
  expect(await run(['/bin/true'])).toEqual(ok({ remark: null }));
});

test.each<[string, readonly string[], RegExp]>([
  [
    'a failure with its words',
    ['/bin/sh', '-c', 'echo no line free >&2; exit 3'],
    /^\/bin\/sh exited with 3: "no line free"$/,
  ],
  [
    'a flood of output',
    ['/bin/sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x; exit 1'],
    /^\/bin\/sh exited with 1: "x{300}"$/,
  ],
  ['an end by a signal', ['/bin/sh', '-c', 'kill -TERM $$'], /^\/bin\/sh was ended by SIGTERM$/],
])('%s is a problem that names the program', async (_says, argv, problem) => {
  expect(await run(argv)).toEqual(err({ kind: 'passing', problem: expect.stringMatching(problem) }));
});

test('a program that is not there is a lasting problem', async () => {
  expect(await run(['/nowhere/page'])).toEqual(
    err({ kind: 'lasting', problem: expect.stringMatching(/^\/nowhere\/page: .*ENOENT/) }),
  );
});

test('a host without the command says what to add', () => {
  expect(aNotifier().obstacle(page)).toBe(
    'this host has no command page: add it to notify.commands and restart batond',
  );
});

test('one that hangs is killed at the deadline, and so is what it started', async () => {
  const pids = join(directory, 'pids');
  writeFileSync(join(directory, 'page.sh'), `sleep 1000 & echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}; wait\n`);
  const stop = new AbortController();
  const attempt = run(['/bin/sh', join(directory, 'page.sh')], stop.signal);
  await expect.poll(() => existsSync(pids)).toBe(true);
  stop.abort(new Error('not done within 10 s'));
  expect(await attempt).toEqual(err({ kind: 'passing', problem: '/bin/sh was killed: not done within 10 s' }));
  const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
  expect(started).toHaveLength(2);
  await expect.poll(() => started.filter(lives)).toEqual([]);
});

function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
