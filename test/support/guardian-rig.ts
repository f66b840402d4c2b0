/** A state directory, a data directory, and batonds that start or adopt a real guardian process over them. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGuardian } from '../../src/adapters/guardian/create-guardian.ts';
import { createProcessHost } from '../../src/adapters/process-host.ts';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import { revision } from '../../src/core/units.ts';
import type { ChildView, GuardianView } from '../../src/core/view.ts';
import { fenceDirectory } from '../../src/ports/fence-directory.ts';
import type { Backing, GuardianPort, GuardianRules } from '../../src/ports/guardian.ts';
import type { StartCommand } from '../../src/ports/postgres.ts';
import type { ProcessIdentity } from '../../src/ports/process-host.ts';
import type { GuardianSpec } from '../../src/wire/guardian-spec.ts';
import { nodeEnvironment, nodeFlags } from '../../src/main/node-flags.ts';

export const testRules: GuardianRules = {
  ttlMs: 1_500,
  heartbeatMs: 100,
  marginMs: 300,
  orphanMs: 1_000,
  failsafeWindowMs: 600,
};
const clock = createSystemClock();
const limitMs = 8_000;

/** Polls a fact that no event announces; fails with the sentence when it does not come true in time. */
export async function until(fact: () => boolean, says: string, withinMs = limitMs): Promise<void> {
  const byMono = clock.mono() + withinMs;
  while (!fact()) {
    if (clock.mono() > byMono) throw new Error(`not within ${withinMs} ms: ${says}`);
    await clock.sleep(5);
  }
}

export const isAlive = (pid: number): boolean => createProcessHost({ outputPath: '/dev/null' }).identify(pid) !== null;

export interface Batond {
  readonly port: GuardianPort;
  readonly views: GuardianView[];
  readonly log: string[];
  now(): GuardianView;
  until(fact: (view: GuardianView) => boolean, says: string, withinMs?: number): Promise<GuardianView>;
  untilChild<Kind extends ChildView['kind']>(
    kind: Kind,
    withinMs?: number,
  ): Promise<Extract<ChildView, { kind: Kind }>>;
  /** The child runs, takes signals, and has a backend. */
  untilServing(): Promise<Extract<ChildView, { kind: 'running' }>>;
  /** Leads in term 7 and starts the fake as a primary. */
  startPrimary(backing?: Backing): Promise<Extract<ChildView, { kind: 'running' }>>;
  startStandby(): Promise<Extract<ChildView, { kind: 'running' }>>;
  detach(): void;
}

export class GuardianRig implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'baton-guardian-'));
  readonly stateDir = join(this.directory, 'state');
  readonly dataDir = join(this.directory, 'data');
  readonly host = createProcessHost({ outputPath: join(this.directory, 'output') });
  readonly spec: GuardianSpec;
  #batonds: Batond[] = [];

  constructor(endpoints: readonly string[] = ['http://127.0.0.1:1']) {
    mkdirSync(this.stateDir, { mode: 0o700 });
    mkdirSync(this.dataDir, { mode: 0o700 });
    this.spec = {
      version: 1,
      cluster: 'domain-1',
      member: 'slough-a',
      stateDir: this.stateDir,
      dataDir: this.dataDir,
      etcd: { endpoints: [...endpoints] },
    };
    this.etcd('ok');
    writeFileSync(join(this.stateDir, 'etcd-leases'), '[]');
    writeFileSync(join(this.stateDir, 'etcd-calls'), '');
    process.env['BATON_TEST_PID'] = String(process.pid);
  }

  etcd(mode: 'ok' | 'mute' | 'gone'): void {
    writeFileSync(join(this.stateDir, 'etcd-mode'), mode);
  }
  etcdCalls(): readonly string[] {
    return readFileSync(join(this.stateDir, 'etcd-calls'), 'utf8').trim().split('\n').filter(Boolean);
  }
  /** The guardian that holds the lock; throws when there was none. */
  guardian(): ProcessIdentity {
    return JSON.parse(readFileSync(join(this.stateDir, 'guardian.pid'), 'utf8'));
  }
  guardianLog(): string {
    return readFileSync(join(this.stateDir, 'guardian.log'), 'utf8');
  }

  /**
   * A program in the place of postgres: shuts down at SIGINT, and has one backend that outlives it. `stubborn`: takes no
   * notice of a shutdown.
   */
  fakePostgres(kind: 'obedient' | 'stubborn' = 'obedient'): StartCommand {
    const trap = kind === 'obedient' ? "trap 'exit 0' INT QUIT" : "trap '' INT QUIT";
    const backend = '(trap "" INT QUIT; while :; do sleep 0.2; done)';
    return {
      binary: '/bin/sh',
      args: ['-c', `${trap}; ${backend} & while :; do sleep 0.05; done`],
      dataDir: this.dataDir,
      env: {},
    };
  }

  batond(
    but: { silentMs?: number; startLimitMs?: number; rules?: Partial<GuardianRules>; entry?: string } = {},
  ): Batond {
    const detach = new AbortController();
    const views: GuardianView[] = [];
    const log: string[] = [];
    const entry = but.entry ?? fileURLToPath(new URL('guardian-entry.ts', import.meta.url));
    const port = createGuardian({
      clock,
      host: this.host,
      silentMs: but.silentMs ?? 2_000,
      startLimitMs: but.startLimitMs ?? 10_000,
      program: { node: process.execPath, nodeFlags, nodeEnvironment, entry, spec: this.spec },
      log: (event, details) => log.push(`${event} ${JSON.stringify(details)}`),
    });
    port.send({ type: 'rules', rules: { ...testRules, ...but.rules } });
    port.run((view) => views.push(view), detach.signal);
    const now = (): GuardianView => {
      const view = views.at(-1);
      return (
        view ?? {
          connected: false,
          sinceMono: clock.mono(),
          lease: { kind: 'none' },
          child: { kind: 'unknown' },
          refused: null,
        }
      );
    };
    const batond: Batond = {
      port,
      views,
      log,
      now,
      until: async (fact, says, withinMs) => {
        await until(() => fact(now()), says, withinMs).catch((error: Error) => {
          throw new Error(
            `${error.message}; it is ${JSON.stringify(now())}; log:\n${log.join('\n')}\n${this.guardianLog()}`,
          );
        });
        return now();
      },
      untilChild: async (kind, withinMs) => {
        const view = await batond.until((each) => each.child.kind === kind, `child ${kind}`, withinMs);
        return view.child as never;
      },
      untilServing: async () => {
        const child = await batond.untilChild('running');
        await until(() => this.processes().length >= 2, 'the postmaster has a backend');
        return child;
      },
      startPrimary: async (backing = { kind: 'lease-only' }) => {
        await batond.until(
          (view) => view.lease.kind === 'held' && view.child.kind === 'none',
          'a lease, and nothing running',
        );
        port.send({ type: 'lead', term: revision(7), backing });
        port.send({ type: 'start', as: 'primary', term: revision(7), command: this.fakePostgres() });
        return batond.untilServing();
      },
      startStandby: async () => {
        writeFileSync(join(this.dataDir, 'standby.signal'), '');
        await batond.untilChild('none');
        port.send({ type: 'start', as: 'standby', term: null, command: this.fakePostgres() });
        return batond.untilServing();
      },
      detach: () => detach.abort(new Error('detached')),
    };
    this.#batonds.push(batond);
    return batond;
  }

  /** Postmaster and backends. */
  processes(): readonly number[] {
    return this.host.scan(this.dataDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const batond of this.#batonds) batond.detach();
    // A guardian that is just starting shows itself in the lock within moments; none at all is fine too.
    await until(() => this.#killGuardian(), 'guardian killed').catch(() => undefined);
    await fenceDirectory(this.host, clock, this.dataDir, clock.timeout(limitMs));
    chmodSync(this.directory, 0o700);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #killGuardian(): boolean {
    try {
      const holder = this.guardian();
      if (this.host.identify(holder.pid)?.startTicks !== holder.startTicks) return true;
      this.host.signal(holder.pid, 'kill');
      return false;
    } catch {
      return true;
    }
  }
}
