/** Hosts for a system under test: each with its own network, its own processes, and a directory inside the enclosure. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, closeSync, globSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { directoryInside, type Enclosure } from '../../chaos/enclosure.ts';
import { entered } from '../../chaos/entered.ts';
import { HostGroup } from '../../chaos/host-group.ts';
import { Network } from '../../chaos/network.ts';
import { asOwner, daemonOwner } from '../../rig/owner.ts';
import type { Command, Place } from '../../rig/place.ts';
import { type FoundProcess, lookAtProcess } from '../../rig/processes.ts';
import { waitForFact } from '../../rig/wait-for-fact.ts';

export const binDir = '/usr/lib/postgresql/15/bin';
const commandLimitMs = 60_000;
const tailLines = 12;

export class Hosts {
  readonly network: Network;
  readonly #owner = daemonOwner();
  readonly #groups: ReadonlyMap<string, HostGroup>;

  constructor(names: readonly string[], { groups }: Enclosure) {
    if (groups === null) throw new Error('only root can measure systems side by side: hosts need control groups');
    this.network = new Network(names);
    this.#groups = new Map(names.map((name) => [name, new HostGroup(groups, name)]));
    mkdirSync(directoryInside, { recursive: true });
    for (const name of names) this.#makeDirectory(this.directory(name));
  }

  address(host: string): string {
    return this.network.address(host);
  }

  /** Of everything that the host keeps; its processes' working directory, owned by their user. */
  directory(host: string): string {
    return join(directoryInside, host);
  }

  place(host: string): Place {
    return { address: this.address(host), enter: (command) => entered(host, this.#group(host), command) };
  }

  /** For the host's own user only. Its absolute name. */
  write(host: string, name: string, content: string): string {
    const file = join(this.directory(host), name);
    this.#makeDirectory(dirname(file));
    writeFileSync(file, content, { mode: 0o600 });
    chownSync(file, this.#owner.uid, this.#owner.gid);
    return file;
  }

  /** A daemon. What it says goes to NAME.log of its host. */
  start(host: string, name: string, command: Command, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const log = openSync(join(this.directory(host), `${name}.log`), 'a');
    const [program, ...args] = this.#there(host, command);
    const child = spawn(program, args, {
      cwd: this.directory(host),
      env: this.#env(host, env),
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child.on('error', () => undefined); // Seen by whoever waits for a fact, with the log.
    return child;
  }

  /** Runs a command to its end. What it printed; throws with that when it fails. */
  async run(host: string, command: Command, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const [program, ...args] = this.#there(host, command);
    const child = spawn(program, args, {
      cwd: this.directory(host),
      env: this.#env(host, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: commandLimitMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-8_192);
      });
    // Not `close`: a daemon that it leaves behind keeps its output open.
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => resolve(status ?? signal ?? 'no exit code'));
    });
    if (code !== 0) throw new Error(`${command.slice(0, 4).join(' ')} on ${host} ended with ${code}: ${output.trim()}`);
    return output;
  }

  async waitFor(what: string, limitMs: number, fact: () => boolean | Promise<boolean>): Promise<void> {
    await waitForFact(what, limitMs, fact, () => this.logTail());
  }

  processes(host: string): readonly FoundProcess[] {
    return this.#group(host)
      .pids()
      .map((pid) => lookAtProcess(pid))
      .filter((found) => found !== null);
  }

  async kill(host: string): Promise<void> {
    await this.#group(host).kill();
  }

  logTail(): string {
    return globSync(`${directoryInside}/*/*.log`)
      .map((file) => `--- ${file}\n${readFileSync(file, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n')}`)
      .join('\n');
  }

  #there(host: string, command: Command): Command {
    return this.place(host).enter(asOwner(this.#owner, ...command));
  }

  #env(host: string, more: Readonly<Record<string, string>>): Record<string, string> {
    return { PATH: `${process.env['PATH'] ?? ''}:${binDir}`, HOME: this.directory(host), LANG: 'C.UTF-8', ...more };
  }

  #group(host: string): HostGroup {
    const group = this.#groups.get(host);
    if (group === undefined) throw new Error(`no host ${host}, there are: ${[...this.#groups.keys()].join(' ')}`);
    return group;
  }

  #makeDirectory(path: string): void {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    chownSync(path, this.#owner.uid, this.#owner.gid);
  }
}

/** The first line that a program prints about itself. */
export function versionOf(command: string, ...args: readonly string[]): string {
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  const line = ran.stdout?.split('\n', 1)[0] ?? '';
  if (ran.status !== 0 || line === '')
    throw new Error(`${command} is not installed here; on Debian: node scripts/setup.mjs --peers`);
  return line;
}
