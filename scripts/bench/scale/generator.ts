/** Starts and ends the processes that are other clusters to etcd, and looks at what they cost themselves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeFlags } from '../../../src/main/node-flags.ts';
import { lookAtProcess, type ProcessLook } from '../cost/process-look.ts';

const program = join(import.meta.dirname, 'load.ts');
/** So that one process never needs all of a core. */
const clustersPerProcess = 10;
const readyLimitMs = 60_000;

interface Load {
  readonly child: ChildProcess;
  failures: number;
}

export class Generator implements AsyncDisposable {
  readonly #endpoints: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #loads: Load[] = [];
  #clusters = 0;

  constructor(endpoints: readonly string[], env: Readonly<Record<string, string>>) {
    this.#endpoints = endpoints;
    this.#env = env;
  }

  /** Ends once so many clusters are there; there are never fewer afterwards. */
  async growTo(clusters: number): Promise<void> {
    while (this.#clusters < clusters) {
      const more = Math.min(clustersPerProcess, clusters - this.#clusters);
      await this.#add(this.#clusters, more);
      this.#clusters += more;
    }
  }

  looks(): readonly ProcessLook[] {
    return this.#loads.map(({ child }) => lookAtProcess(child.pid ?? 0));
  }

  /** Renewals and transactions of all that etcd did not confirm in time, since the beginning. */
  get failures(): number {
    return this.#loads.reduce((sum, { failures }) => sum + failures, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#loads.map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
        const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
        child.stdin?.end();
        return ended;
      }),
    );
  }

  async #add(from: number, count: number): Promise<void> {
    const child = spawn(process.execPath, [...nodeFlags, program, this.#endpoints.join(','), `${from}`, `${count}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...this.#env },
    });
    child.stdin.on('error', () => undefined);
    const load: Load = { child, failures: 0 };
    this.#loads.push(load);
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`${count} clusters were not there within ${readyLimitMs} ms`));
      }, readyLimitMs);
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the load ended with ${code ?? signal}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [word, value] = line.split(' ');
        if (word === 'failures') load.failures = Number(value);
        if (word !== 'ready') return;
        clearTimeout(late);
        resolve();
      });
    });
  }
}
