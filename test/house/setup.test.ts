import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const project = dirname(dirname(import.meta.dirname));
const isRoot = process.getuid?.() === 0;
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'baton-setup-'));
  chmodSync(checkout, 0o755);
  mkdirSync(join(checkout, 'scripts'));
  for (const file of ['package.json', 'package-lock.json', 'scripts/setup.mjs', 'scripts/with-setup.mjs'])
    cpSync(join(project, file), join(checkout, file));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const linkPackages = () => symlinkSync(join(project, 'node_modules'), join(checkout, 'node_modules'));
const run = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, args, { cwd: checkout, encoding: 'utf8', env });

function changeLock(change: (packages: Record<string, { version: string }>) => void): void {
  const file = join(checkout, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  change(lock.packages);
  writeFileSync(file, JSON.stringify(lock));
}

describe('set-up', () => {
  test('says nothing when everything is there', () => {
    linkPackages();
    expect(run(['scripts/setup.mjs', '--packages'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('--check names missing packages and how to get them, and changes nothing', () => {
    const { status, stderr } = run(['scripts/setup.mjs', '--check', '--packages']);
    expect(stderr).toContain('node_modules is missing; run: npm ci');
    expect(status).toBe(1);
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false);
  });

  test('--check names a package that is not the one in the lock file', () => {
    linkPackages();
    changeLock((packages) => {
      packages['node_modules/zod']!.version = '99.0.0';
    });
    expect(run(['scripts/setup.mjs', '--check', '--packages']).stderr).toMatch(
      /node_modules\/zod is [\d.]+, package-lock.json wants 99\.0\.0; run: npm ci/,
    );
  });

  test('--check names a package that the lock file has and node_modules has not', () => {
    linkPackages();
    changeLock((packages) => {
      packages['node_modules/new-one'] = { version: '1.0.0' };
    });
    expect(run(['scripts/setup.mjs', '--check', '--packages']).stderr).toContain('node_modules/new-one is missing');
  });

  test('runs npm ci when packages are missing, on another Node than the one that it replaces', () => {
    const bin = join(checkout, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho "$@"; echo "PATH=$PATH"\n', { mode: 0o755 });
    const path = [join(checkout, 'node_modules/.bin'), bin, '/usr/bin', '/bin'].join(':');
    const { status, stderr } = run(['scripts/setup.mjs', '--packages'], { PATH: path });
    expect(stderr).toContain('set-up: npm ci (node_modules is missing)\nci --no-audit');
    expect(stderr).toContain(`PATH=${bin}:/usr/bin:/bin\n`);
    expect(stderr).toContain('npm ci ran in');
    expect(status).toBe(1);
  });

  test('refuses an argument that it does not know', () => {
    const { status, stderr } = run(['scripts/setup.mjs', '--chekc']);
    expect(stderr).toContain('unknown: --chekc');
    expect(status).toBe(1);
  });

  test.runIf(isRoot)(
    'tells root that user postgres cannot read the checkout, and which directory is in the way',
    () => {
      linkPackages();
      chmodSync(checkout, 0o700);
      const { status, stderr } = run(['scripts/setup.mjs', '--check']);
      expect(stderr).toContain(`cannot be read by user postgres`);
      expect(stderr).toContain(`chmod o+x ${checkout}`);
      expect(status).toBe(1);
    },
  );
});

describe('with-setup', () => {
  test('runs the command on the Node of the project and ends as it does', () => {
    linkPackages();
    const { status, stdout } = run(
      ['scripts/with-setup.mjs', '--packages', 'node', '-e', 'console.log(process.version); process.exit(7)'],
      { PATH: '/usr/bin:/bin' },
    );
    expect(Number(/^v(\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(24);
    expect(status).toBe(7);
  });

  test('hands a SIGTERM on and ends after its command has', async () => {
    linkPackages();
    const program = `process.on('SIGTERM', () => { console.log('told'); process.exit(3); }); console.log('up'); setInterval(() => {}, 1e3);`;
    const child = spawn(process.execPath, ['scripts/with-setup.mjs', '--packages', 'node', '-e', program], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed === 'up\n') child.kill('SIGTERM');
    });
    const [code] = await once(child, 'exit');
    expect(printed).toBe('up\ntold\n');
    expect(code).toBe(3);
  });

  test('names a command that there is not', () => {
    linkPackages();
    const { status, stderr } = run(['scripts/with-setup.mjs', '--packages', 'no-such-command']);
    expect(stderr).toContain('cannot run no-such-command');
    expect(status).toBe(1);
  });
});
