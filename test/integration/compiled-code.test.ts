/** Programs keep compiled code for their next start, where only their own user can write. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { asOwner, daemonOwner } from '../../scripts/rig/owner.ts';
import { keepCompiledCode } from '../../src/main/compiled-code.ts';

const owner = daemonOwner();
const isRoot = process.getuid?.() === 0;
const root = join(import.meta.dirname, '../..');
const homes: string[] = [];
afterAll(() => homes.forEach((home) => void rmSync(home, { recursive: true })));

function aHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'baton-home-'));
  homes.push(home);
  chmodSync(home, 0o755);
  chownSync(home, owner.uid, owner.gid);
  return home;
}

/** As the user of daemons, who is not root. */
function run(program: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
  const [command, ...args] = asOwner(owner, ...program);
  return spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { PATH: process.env['PATH'] ?? '', ...env } });
}

const batond = join(root, 'scripts/bin/batond');
const filesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test('batond keeps compiled code in a directory of its user, that nobody else can read or write', () => {
  const home = aHome();
  const { status, stdout } = run([batond, '--version'], { HOME: home });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  const kept = join(home, '.cache/baton');
  expect(statSync(kept).mode & 0o777).toBe(0o700);
  expect(filesIn(kept).length).toBeGreaterThan(100);
});

test.for<Readonly<Record<string, string>>>([{ HOME: '/dev/null' }, {}, { NODE_COMPILE_CACHE: '/dev/null/nothing' }])(
  'batond works where nothing can be kept: %o',
  (env) => {
    const { status, stdout, stderr } = run([batond, '--version'], env);
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/), '']);
  },
);

test.skipIf(!isRoot)('a directory that belongs to somebody else is not used', () => {
  const home = aHome();
  const kept = join(home, '.cache/baton');
  mkdirSync(kept, { recursive: true });
  chmodSync(kept, 0o777);
  expect(run([batond, '--version'], { HOME: home }).status).toBe(0);
  expect(filesIn(kept)).toEqual([]);
});

/** Before Node would write it at the end of the process; by somebody else, because Node writes before it kills itself. */
const killedAtItsEnd = `data:text/javascript,import { spawnSync } from 'node:child_process';
  process.on('exit', () => spawnSync('sh', ['-c', 'kill -KILL $PPID']))`;

test.for(['batond', 'guardian'])('%s writes its compiled code at its start: whoever is killed has no end', (name) => {
  const kept = join(aHome(), 'kept');
  const program = join(root, `src/main/${name}.ts`);
  const { signal } = run([process.execPath, '--import', killedAtItsEnd, program], { NODE_COMPILE_CACHE: kept });
  expect(signal).toBe('SIGKILL');
  expect(filesIn(kept).length).toBeGreaterThan(100);
});

test('a daemon that had to compile something starts itself again, once, as the same process', () => {
  const kept = join(aHome(), 'kept');
  const saysStart = `data:text/javascript,process.stderr.write('starts as ' + process.pid + '\\n')`;
  const starts = () => {
    const program = join(root, 'src/main/guardian.ts');
    const { stderr } = run([process.execPath, '--import', saysStart, program], { NODE_COMPILE_CACHE: kept });
    return stderr.match(/starts as \d+/g) ?? [];
  };
  const first = starts();
  expect([first.length, new Set(first).size]).toEqual([2, 1]);
  expect(starts()).toHaveLength(1);
});

test('what a program starts is not told where its compiled code is', () => {
  process.env['NODE_COMPILE_CACHE'] = '/somewhere';
  keepCompiledCode();
  expect(process.env['NODE_COMPILE_CACHE']).toBeUndefined();
  expect(existsSync('/somewhere')).toBe(false);
});
