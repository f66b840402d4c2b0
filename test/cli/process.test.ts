import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { FakeApi } from './fake-api.ts';
import { healthyStatus } from './fixtures.ts';

const root = join(import.meta.dirname, '../..');
const config = join(root, 'config/examples/two-hosts/slough-a.yaml');
/** Nobody listens on TCP port 1. */
const noEtcd = '["http://127.0.0.1:1"]';

/** Runs the command as a process; `untilOutput` interrupts it (Ctrl-C) as soon as it has printed that. */
function baton(argv: readonly string[], env: Readonly<Record<string, string>> = {}, untilOutput?: string) {
  return new Promise<{ exit: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'src/main/baton.ts'), ...argv], {
      env: { PATH: process.env['PATH'], USER: 'ada', BATON_CONFIG: config, BATON_ETCD_ENDPOINTS: noEtcd, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), 12_000);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
      if (untilOutput !== undefined && stdout.includes(untilOutput)) child.kill('SIGINT');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (exit) => {
      clearTimeout(limit);
      resolve({ exit, stdout, stderr });
    });
  });
}

describe('the process `baton`', () => {
  test('prints its version without a configuration', async () => {
    const ran = await baton(['version', '--json'], { BATON_CONFIG: '/nowhere.yaml' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ version: packageJson.version });
    expect(ran.exit).toBe(0);
  });

  test('finds the daemon by the state directory of its configuration, and prints no colours into a pipe', async () => {
    await using api = await FakeApi.start({ 'GET /v1/status': { body: healthyStatus } });
    const ran = await baton(['status'], { BATON_STATE: dirname(api.socketPath) });
    expect(ran).toMatchObject({ exit: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^domain-1: slough-a leads, term 4711, timeline 3\n/);
    expect(ran.stdout).not.toContain('\u001b');
  });

  test('asks nobody where there is no terminal: refused, with the way to agree in advance', async () => {
    await using api = await FakeApi.start({ 'GET /v1/status': { body: healthyStatus } });
    const ran = await baton(['switchover'], { BATON_STATE: dirname(api.socketPath) });
    expect(ran.exit).toBe(3);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('By:     ada@');
    expect(ran.stderr).toContain('refused (confirmed):');
    expect(ran.stderr).toContain('--yes');
  });

  test('says that nobody answers when neither the daemon nor etcd does', async () => {
    const ran = await baton(['status', '--timeout', '1s'], { BATON_STATE: '/nowhere' });
    expect(ran.exit, ran.stderr).toBe(4);
    expect(ran.stderr.replaceAll(/\s+/g, ' ')).toContain(
      '/nowhere/batond.sock: the socket does not exist. Nor does etcd: ',
    );
    expect(ran.stderr).toMatch(/\nhint: /);
  });

  test('names every problem of a configuration that it cannot use', async () => {
    const ran = await baton(['status'], { BATON_API_LISTEN: 'nonsense', BATON_STATE: 'relative' });
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('api.listen');
    expect(ran.stderr).toContain('state');
  });

  test('watches until it is interrupted, which is no error', async () => {
    await using api = await FakeApi.start({ 'GET /v1/status': { body: healthyStatus } });
    const env = { BATON_STATE: dirname(api.socketPath) };
    const ran = await baton(['status', '--watch', '0.2', '--json'], env, '}\n{');
    expect(ran.exit).toBe(0);
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { leader: string }).leader),
    ).toContain('slough-a');
  });
});
