/**
 * A whole cluster on this machine for tests, the demo and the bench: etcd, and per member a batond with its guardian
 * and PostgreSQL on an own loopback address, all below one temporary directory. However the process that started it
 * ends, a reaper ends the rest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RealEtcd, startEtcd } from '../../test/support/real-etcd.ts';
import { usualPorts } from './addresses.ts';
import { type LocalNotify, makeDirectory, writeMemberFiles } from './member-files.ts';
import { daemonOwner, type Owner } from './owner.ts';
import { type Belonging, killAll, tagOf } from './processes.ts';
import type { Places } from './place.ts';
import { type Part, RigMember } from './rig-member.ts';
import { onEndingSignals } from './ending-signals.ts';
import { sweep } from './sweep.ts';
import { waitForFact } from './wait-for-fact.ts';

export interface RigOptions {
  readonly members: readonly string[];
  /** Members without PostgreSQL. */
  readonly observers?: readonly string[];
  /** The data centre of each member, by name; `host-NAME` by default. */
  readonly locations?: Readonly<Record<string, string>>;
  readonly mode?: 'available' | 'strict' | 'off';
  readonly etcdMembers?: 1 | 3;
  /** A host for every member and every etcd member; all on this machine's loopback by default. */
  readonly places?: Places;
  /** Where the rig's own directory is made; the system's temporary directory by default. */
  readonly directory?: string;
  readonly cluster?: string;
  /** `sites` and `contracts` of the shared configuration, as in the YAML. */
  readonly contracts?: { readonly sites: readonly unknown[]; readonly contracts: readonly unknown[] };
  /** More of the shared configuration: `{ lease: { ttl: '5s' } }`. */
  readonly shared?: Readonly<Record<string, unknown>>;
  /** postgres.parameters of every member. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What every host has for telling people. */
  readonly notify?: LocalNotify;
  readonly binDir?: string;
  /** Leave the directory behind, for looking at logs. Processes end all the same. */
  readonly keepDirectory?: boolean;
}

/** How a client reaches one member. */
export interface ClientEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const killLimitMs = 10_000;
const reaperLimitMs = 15_000;
const defaultBinDir = '/usr/lib/postgresql/15/bin';

/** Ends once etcd serves and every batond is started; what the cluster then does is waited for with `waitFor`. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const owner = daemonOwner();
  const parent = realpathSync(options.directory ?? tmpdir());
  const directory = mkdtempSync(join(parent, 'baton-rig-'));
  makeDirectory(directory, 0o711, { uid: process.getuid?.() ?? owner.uid, gid: process.getgid?.() ?? owner.gid });
  const whole: Belonging = { rigId: randomBytes(8).toString('hex'), directory, member: null, uid: owner.uid };
  const rig = new Rig(whole, options, await startReaper(whole, options.keepDirectory ?? false));
  try {
    await rig.build(owner);
    return rig;
  } catch (error) {
    await rig.stopAll();
    throw error;
  }
}

export class Rig implements AsyncDisposable {
  readonly id: string;
  readonly directory: string;
  readonly cluster: string;
  /** Those with PostgreSQL. */
  readonly members = new Map<string, RigMember>();
  readonly #observers = new Map<string, RigMember>();
  readonly #whole: Belonging;
  readonly #options: RigOptions;
  readonly #reaper: ChildProcess;
  readonly #password = randomBytes(12).toString('hex');
  readonly #forget: () => void;
  #etcd: RealEtcd | null = null;
  #stopped: Promise<void> | null = null;

  constructor(whole: Belonging, options: RigOptions, reaper: ChildProcess) {
    this.id = whole.rigId;
    this.directory = whole.directory;
    this.cluster = options.cluster ?? 'domain-1';
    this.#whole = whole;
    this.#options = options;
    this.#reaper = reaper;
    this.#forget = onEndingSignals(() => this.stopAll());
  }

  async build(owner: Owner): Promise<void> {
    const { mode = 'available', contracts, shared = {}, parameters = {}, places, etcdMembers = 1 } = this.#options;
    this.#etcd = await startEtcd({
      members: etcdMembers,
      ...(places === undefined
        ? {}
        : { places: Array.from({ length: etcdMembers }, (_, index) => places.etcd(index)) }),
      directory: this.directory,
      env: { BATON_RIG: tagOf(this.id, null) },
    });
    const replicationPassword = randomBytes(12).toString('hex');
    const { members, observers = [] } = this.#options;
    for (const name of [...members, ...observers]) {
      const observes = observers.includes(name);
      const place = places?.member(name) ?? null;
      const directory = join(this.directory, name);
      makeDirectory(directory, 0o711, owner);
      const files = await writeMemberFiles({
        name,
        location: this.#options.locations?.[name] ?? `host-${name}`,
        owner,
        observes,
        cluster: this.cluster,
        directory,
        dataDir: place?.dataDir?.(directory) ?? join(directory, 'data'),
        etcdEndpoints: this.#etcd.endpoints,
        binDir: place?.binDir ?? this.#options.binDir ?? defaultBinDir,
        superuserPassword: this.#password,
        replicationPassword,
        parameters,
        notify: this.#options.notify ?? {},
        ports: place === null ? null : usualPorts(place.address),
        network: places?.network ?? '127.0.0.0/8',
        shared: { synchronous: { mode }, ...shared, ...contracts },
      });
      (observes ? this.#observers : this.members).set(name, new RigMember(this.id, files, owner, place));
    }
    for (const member of [...this.members.values(), ...this.#observers.values()]) member.start();
  }

  get etcd(): RealEtcd {
    if (this.#etcd === null) throw new Error('the etcd of this rig was never started');
    return this.#etcd;
  }

  member(name: string): RigMember {
    const all = new Map([...this.members, ...this.#observers]);
    const found = all.get(name);
    if (found === undefined) throw new Error(`no member ${name} in this rig, there are: ${[...all.keys()].join(' ')}`);
    return found;
  }

  /** In the order of the members, as in a client's `host=a,b`. */
  clientEndpoints(): readonly ClientEndpoint[] {
    return [...this.members.values()].map(({ files: { name, host, postgresPort } }) => ({
      ...{ name, host, port: postgresPort },
      ...{ user: 'postgres', password: this.#password, database: 'postgres' },
    }));
  }

  /** GET /v1/status of one member; null when its daemon does not answer. */
  async status(name: string): Promise<unknown> {
    const answer = await this.member(name).get('/v1/status');
    return answer?.code === 200 ? answer.body : null;
  }

  /** What the daemons agree on now; null when none answers. The first that answers is believed. */
  async outlook(): Promise<{ readonly leader: string | null; readonly redundant: boolean } | null> {
    for (const name of this.members.keys()) {
      const status = (await this.status(name)) as { readonly leader?: unknown; readonly redundant?: unknown } | null;
      if (status === null) continue;
      const { leader, redundant } = status;
      return { leader: typeof leader === 'string' ? leader : null, redundant: redundant === true };
    }
    return null;
  }

  /** Somebody leads and, with more than one member, redundancy is there. */
  async steady(): Promise<boolean> {
    const now = await this.outlook();
    return now !== null && now.leader !== null && (now.redundant || this.members.size === 1);
  }

  /**
   * Asks `fact` until it gives something other than null or false, and returns that. Past `limitMs` throws with what
   * was waited for, and the newest log lines of every member.
   */
  async waitFor<T>(
    what: string,
    limitMs: number,
    fact: () => T | null | false | Promise<T | null | false>,
  ): Promise<T> {
    return await waitForFact(what, limitMs, fact, () => this.#reports());
  }

  /** SIGKILL of the process that postmaster.pid names. When, by `monoNow`. */
  killPostmaster(name: string): Promise<number> {
    return this.member(name).kill('postmaster');
  }

  /** Everything of the member dies at once, as if its host lost power. When, by `monoNow`. */
  killNode(name: string): Promise<number> {
    return this.member(name).kill('node');
  }

  freeze(name: string, part: Part = 'node'): Promise<number> {
    return this.member(name).freeze(part);
  }

  thaw(name: string): void {
    this.member(name).thaw();
  }

  /** Starts batond again after a kill. */
  restartNode(name: string): void {
    this.member(name).start();
  }

  /** Everything gone and seen gone, the directory removed. May be called twice. */
  stopAll(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopAll();
  }

  async #stop(): Promise<void> {
    try {
      await killAll(this.#whole, killLimitMs); // At once, so that nobody reacts to the end of another.
      this.#options.places?.vacate?.();
      await this.#etcd?.stop();
      await sweep(this.#whole, this.#options.keepDirectory ?? false);
    } finally {
      this.#forget();
      await endReaper(this.#reaper);
    }
  }

  async #reports(): Promise<string> {
    const reports = await Promise.all(
      [...this.members, ...this.#observers].map(async ([name, member]) => {
        const status = JSON.stringify(await this.status(name));
        return `--- ${name}: status ${status}\n${member.logTail()}`;
      }),
    );
    return reports.join('\n');
  }
}

async function startReaper({ rigId, directory, uid }: Belonging, keepDirectory: boolean): Promise<ChildProcess> {
  const program = join(import.meta.dirname, 'reaper.ts');
  const argument = JSON.stringify({ rigId, directory, uid, keepDirectory });
  const reaper = spawn(process.execPath, [program, argument], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  await new Promise<void>((resolve, reject) => {
    reaper.once('error', reject);
    reaper.once('exit', (code) => reject(new Error(`the reaper ended at once with ${code}`)));
    reaper.stdout.once('data', () => resolve());
  });
  reaper.stdin.on('error', () => undefined);
  return reaper;
}

async function endReaper(reaper: ChildProcess): Promise<void> {
  if (reaper.exitCode !== null || reaper.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => reaper.once('exit', () => resolve()));
  reaper.stdin?.end();
  const limit = new AbortController();
  const late = sleep(reaperLimitMs, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`the reaper ${reaper.pid} did not end within ${reaperLimitMs} ms`);
  });
  late.catch(() => undefined);
  await Promise.race([ended, late]).finally(() => limit.abort());
}
