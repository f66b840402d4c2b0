import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProcessHost } from '../../src/adapters/process-host.ts';

let directory: string;
let data: string;
const started: ChildProcess[] = [];
const host = () => createProcessHost({ outputPath: join(directory, 'output') });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-host-'));
  data = join(directory, 'data');
  mkdirSync(join(data, 'base'), { recursive: true });
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
});

/** A process that works in the directory; ends with this one at the latest in a minute. */
async function processIn(cwd: string, uid?: number): Promise<number> {
  const child = spawn('/bin/sleep', ['60'], { cwd, stdio: 'ignore', ...(uid !== undefined && { uid }) });
  started.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

test('a scan finds the processes of exactly this directory', async () => {
  const inside = await processIn(data);
  await processIn(join(data, 'base'));
  await processIn(directory);
  expect(host().scan(data)).toEqual([inside]);
});

test('a scan finds them through a symbolic link, and when the directory is deleted', async () => {
  const link = join(directory, 'link');
  symlinkSync(data, link);
  const inside = await processIn(data);
  const one = host();
  expect(one.scan(link)).toEqual([inside]);
  rmSync(data, { recursive: true });
  expect(one.scan(link)).toEqual([inside]);
  expect(one.scan(data)).toEqual([inside]);
});

test.runIf(process.getuid?.() === 0)("a scan leaves other users' processes alone", async () => {
  await processIn(data, 65_534);
  expect(host().scan(data)).toEqual([]);
});

test('a start reports the exit once, and the child works in the data directory from the first instant', async () => {
  const one = host();
  const exits: unknown[] = [];
  const exited = new Promise<void>((resolve) => {
    const pid = one.start({ binary: '/bin/sh', args: ['-c', 'exit 3'], dataDir: data, env: {} }, (exit) => {
      exits.push(exit);
      resolve();
    });
    if (!pid.ok) throw new Error(pid.error);
  });
  await exited;
  expect(exits).toEqual([{ code: 3, signal: null }]);
});

test('a start in a directory that is not there says so', () => {
  const result = host().start(
    { binary: '/bin/true', args: [], dataDir: join(directory, 'missing'), env: {} },
    () => undefined,
  );
  expect(result).toEqual({ ok: false, error: expect.stringContaining('missing') });
});

/** What a start leaves of a postmaster.pid that names this process. */
async function lockAfterStart(pid: number): Promise<boolean> {
  const path = join(data, 'postmaster.pid');
  const socketLock = join(directory, '.s.PGSQL.5432.lock');
  writeFileSync(path, `${pid}\n${data}\n1222333444\n5432\n${directory}\n\n`);
  writeFileSync(socketLock, `${pid}\n${data}\n`);
  await new Promise<void>((resolve) => {
    host().start({ binary: '/bin/true', args: [], dataDir: data, env: {} }, () => resolve());
  });
  expect(existsSync(socketLock)).toBe(existsSync(path));
  return existsSync(path);
}

test('the locks of a dead process that nobody has reaped are removed, so that postgres can start', async () => {
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(parent);
  const [output] = await once(parent.stdout, 'data');
  const zombie = Number(String(output));
  await vi.waitFor(() => expect(host().identify(zombie)).toBeNull());
  expect(() => process.kill(zombie, 0)).not.toThrow();
  expect(await lockAfterStart(zombie)).toBe(false);
});

test('so are those of a process that works elsewhere', async () => {
  expect(await lockAfterStart(await processIn(directory))).toBe(false);
});

test('those of a process that works in the directory stay, and those of no process are left to PostgreSQL', async () => {
  expect(await lockAfterStart(await processIn(data))).toBe(true);
  expect(await lockAfterStart(2 ** 22 - 1)).toBe(true);
});

test('a process is identified beyond its pid, and a dead one is not', async () => {
  const pid = await processIn(data);
  const one = host();
  expect(one.identify(pid)).toEqual({ pid, startTicks: expect.any(Number) });
  expect(one.identify(process.pid)?.startTicks).toBeLessThanOrEqual(one.identify(pid)?.startTicks ?? 0);
  const child = started.at(-1);
  if (child === undefined) throw new Error('no child');
  one.signal(pid, 'kill');
  await once(child, 'exit');
  expect(one.identify(pid)).toBeNull();
  one.signal(pid, 'kill');
});

test('the marks of a data directory are read, the one beside it too', async () => {
  const one = host();
  expect(await one.readMarks(data)).toEqual({ standbySignal: false, unstartable: false });
  writeFileSync(join(data, 'standby.signal'), '');
  writeFileSync(`${data}.unstartable`, 'a rewind');
  expect(await one.readMarks(data)).toEqual({ standbySignal: true, unstartable: true });
});
