/** Real etcd members on free loopback ports (or hosts of their own), in a directory of their own. They cannot outlive the process that started them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command, Place } from '../../scripts/rig/place.ts';

export interface RealEtcdOptions {
  readonly members: 1 | 3;
  /** The members' files go into a new directory below it; default the system's temporary directory. */
  readonly directory?: string;
  /** Added to the environment of every member. */
  readonly env?: Readonly<Record<string, string>>;
  /** A host for every member; loopback ports by default. */
  readonly places?: readonly Place[];
  /** More flags for every member. */
  readonly flags?: readonly string[];
  /** File names. Every member then serves https as well, to clients with a certificate of this CA. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface RealEtcd extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, one per member, in the order of `pids`. */
  readonly endpoints: readonly string[];
  /** `https://127.0.0.1:PORT` of the same members; empty without `tls`. */
  readonly secureEndpoints: readonly string[];
  /** Of the members that run now or ran last; a restart changes them. */
  readonly pids: readonly number[];
  /** Holds the members' data and logs. */
  readonly directory: string;
  /** SIGKILL; ends when the process is gone. */
  kill(member: number): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(member: number): void;
  thaw(member: number): void;
  /** Starts a killed member again on its data; ends when it serves. */
  restart(member: number): Promise<void>;
  /**
   * Kills all members and starts them again on what `prepare` leaves in their data directories, as a cluster with
   * another token if asked. Ends when they serve.
   */
  startAgain(prepare: () => void | Promise<void>, newToken: boolean): Promise<void>;
  dataDirectory(member: number): string;
  /** Which member leads now; throws when none does. */
  leader(): Promise<number>;
  /** Kills all members and removes their files. May be called twice. */
  stop(): Promise<void>;
}

const readyWithinMs = 20_000;
const attempts = 3;

/** Ends once every member answers a linearizable read. Ports that somebody else took meanwhile are replaced. */
export async function startEtcd(options: RealEtcdOptions): Promise<RealEtcd> {
  for (let attempt = 1; ; attempt += 1) {
    const etcd = new Members(options, await freePorts(3 * options.members));
    try {
      await etcd.start();
      return etcd;
    } catch (error) {
      await etcd.stop();
      if (attempt === attempts) throw error;
    }
  }
}

class Members implements RealEtcd {
  readonly directory: string;
  readonly endpoints: readonly string[];
  readonly secureEndpoints: readonly string[];
  readonly #peers: readonly string[];
  readonly #options: RealEtcdOptions;
  /** Another one makes another cluster, with an id of its own. */
  #token: string;
  readonly #children: ChildProcess[] = [];

  constructor(options: RealEtcdOptions, ports: readonly number[]) {
    this.directory = mkdtempSync(join(options.directory ?? tmpdir(), 'baton-etcd-'));
    const { members, tls, places } = options;
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    this.endpoints = places?.map(({ address }) => `http://${address}:2379`) ?? urls.slice(0, members);
    this.#peers = places?.map(({ address }) => `http://${address}:2380`) ?? urls.slice(members, 2 * members);
    this.#token = this.directory;
    this.secureEndpoints = tls ? urls.slice(2 * members).map((url) => url.replace('http:', 'https:')) : [];
    this.#options = options;
  }

  get pids(): readonly number[] {
    return this.#children.map((child) => child.pid ?? 0);
  }

  async start(): Promise<void> {
    for (const member of this.endpoints.keys()) this.#spawn(member);
    await Promise.all([...this.endpoints.keys()].map((member) => this.#serves(member)));
  }

  async kill(member: number): Promise<void> {
    const child = this.#child(member);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  freeze(member: number): void {
    this.#child(member).kill('SIGSTOP');
  }

  thaw(member: number): void {
    this.#child(member).kill('SIGCONT');
  }

  async restart(member: number): Promise<void> {
    await this.kill(member);
    this.#spawn(member);
    await this.#serves(member);
  }

  async startAgain(prepare: () => void | Promise<void>, newToken: boolean): Promise<void> {
    await Promise.all([...this.#children.keys()].map((member) => this.kill(member)));
    await prepare();
    if (newToken) this.#token = `${this.#token}+`;
    await this.start();
  }

  dataDirectory(member: number): string {
    return join(this.directory, `data-${member}`);
  }

  async leader(): Promise<number> {
    for (const [member, endpoint] of this.endpoints.entries()) {
      const status = await ask(endpoint, '/v3/maintenance/status', {}).catch(() => null);
      if (status !== null && status['leader'] === status['header']?.member_id) return member;
    }
    throw new Error(`none of ${this.endpoints.join(', ')} leads`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((member) => this.kill(member)));
    rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #child(member: number): ChildProcess {
    const child = this.#children[member];
    if (child === undefined) throw new RangeError(`etcd member ${member} of ${this.#children.length} does not exist`);
    return child;
  }

  #spawn(member: number): void {
    const client = this.endpoints[member] ?? '';
    const peer = this.#peers[member] ?? '';
    const { tls, flags = [], env, places } = this.#options;
    const listen = [client, ...this.secureEndpoints.slice(member, member + 1)].join(',');
    const log = openSync(join(this.directory, `etcd-${member}.log`), 'a');
    // What comes before etcd becomes etcd: the pid is its own.
    const etcd: Command = [
      ...(['setpriv', '--pdeathsig', 'KILL', 'etcd', '--name', `etcd-${member}`] as const),
      ...['--data-dir', this.dataDirectory(member)],
      ...['--listen-client-urls', listen, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', this.#peers.map((url, index) => `etcd-${index}=${url}`).join(',')],
      ...['--initial-cluster-token', this.#token, '--initial-cluster-state', 'new'],
      ...(tls
        ? ['--client-cert-auth', '--trusted-ca-file', tls.ca, '--cert-file', tls.cert, '--key-file', tls.key]
        : []),
      ...flags,
    ];
    const [command, ...args] = places?.[member]?.enter(etcd) ?? etcd;
    const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.#children[member] = child;
  }

  async #serves(member: number): Promise<void> {
    const child = this.#child(member);
    const endpoint = this.endpoints[member] ?? '';
    const deadline = performance.now() + readyWithinMs;
    while (performance.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      // etcd's health check is a read through the quorum; it asks for no password.
      const health = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      if (health?.ok && (await health.text()).includes('"true"')) return;
      await wait(30);
    }
    const log = readFileSync(join(this.directory, `etcd-${member}.log`), 'utf8').slice(-2_000);
    throw new Error(`etcd at ${endpoint} did not serve within ${readyWithinMs} ms:\n${log}`);
  }
}

type Answer = Record<string, unknown> & { readonly header?: { readonly member_id: string } };

async function ask(endpoint: string, path: string, body: object): Promise<Answer> {
  const signal = AbortSignal.timeout(1_000);
  const response = await fetch(endpoint + path, { method: 'POST', body: JSON.stringify(body), signal });
  return (await response.json()) as Answer;
}

/** Distinct because all are bound at the same time; free again when this resolves. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a listening TCP server has an address');
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
