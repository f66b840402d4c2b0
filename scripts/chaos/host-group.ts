/** The control group of one host: all its processes, those that it will start too, as one thing to freeze or kill. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../rig/place.ts';

const limitMs = 5_000;
const pollMs = 1;

export class HostGroup {
  readonly #directory: string;

  constructor(groups: string, host: string) {
    this.#directory = join(groups, host);
    mkdirSync(this.#directory);
  }

  /** The command joins the group before it becomes what it is. Only root may. */
  joining(command: Command): Command {
    return ['sh', '-c', 'echo $$ >"$0" && exec "$@"', join(this.#directory, 'cgroup.procs'), ...command];
  }

  pids(): readonly number[] {
    return readFileSync(join(this.#directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  }

  /** Ends when the kernel says that nothing in it runs. */
  async freeze(): Promise<void> {
    writeFileSync(join(this.#directory, 'cgroup.freeze'), '1');
    await this.#until('frozen 1');
  }

  thaw(): void {
    writeFileSync(join(this.#directory, 'cgroup.freeze'), '0');
  }

  /** Every process at once, without an instant in which one could react to the end of another. */
  async kill(): Promise<void> {
    writeFileSync(join(this.#directory, 'cgroup.kill'), '1');
    await this.#until('populated 0');
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.kill();
    rmdirSync(this.#directory);
  }

  async #until(line: string): Promise<void> {
    const deadline = performance.now() + limitMs;
    const events = join(this.#directory, 'cgroup.events');
    while (!readFileSync(events, 'utf8').split('\n').includes(line)) {
      if (performance.now() > deadline) throw new Error(`${this.#directory} is not ${line} after ${limitMs} ms`);
      await sleep(pollMs);
    }
  }
}
