/** A real Alertmanager on a free loopback port, which tells one webhook of everything at once. Ends with its owner. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const program = '/usr/bin/prometheus-alertmanager';
const readyWithinMs = 20_000;
const pollMs = 50;

export const hasAlertmanager = (): boolean => {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export interface KnownAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

export class RealAlertmanager implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#child = child;
    this.#directory = directory;
  }

  /** Ends once it is ready. */
  static async start(webhook: string): Promise<RealAlertmanager> {
    const directory = mkdtempSync(join(tmpdir(), 'baton-alertmanager-'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    writeFileSync(join(directory, 'config.yml'), config(webhook));
    const flags = [
      `--config.file=${join(directory, 'config.yml')}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...flags], { stdio: 'ignore' });
    const started = new RealAlertmanager(url, child, directory);
    try {
      await started.#ready();
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it takes for firing now. */
  async alerts(): Promise<readonly KnownAlert[]> {
    const response = await fetch(`${this.url}/api/v2/alerts`, { signal: AbortSignal.timeout(5_000) });
    return (await response.json()) as readonly KnownAlert[];
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + readyWithinMs;
    for (;;) {
      const answer = await fetch(`${this.url}/-/ready`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      if (answer?.ok === true) return;
      if (this.#child.exitCode !== null || performance.now() > deadline)
        throw new Error(`Alertmanager is not ready (exit code ${this.#child.exitCode})`);
      await wait(pollMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const config = (webhook: string): string =>
  `
route: { receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers: [{ name: people, webhook_configs: [{ url: '${webhook}', send_resolved: true }] }]
`.trimStart();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
