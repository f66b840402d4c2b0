/** Which guardian lives, how long it may take to answer, and when another is started. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { elapsed, type MonoMs, type Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ProcessHost, ProcessIdentity } from '../../ports/process-host.ts';
import { parseIdentity } from '../../wire/process-identity.ts';
import { type GuardianProgram, spawnGuardian } from './spawn-guardian.ts';

export interface GuardianProcessesOptions {
  readonly clock: Clock;
  readonly host: ProcessHost;
  readonly program: GuardianProgram;
  /** A guardian that says nothing for so long is killed. */
  readonly silentMs: Ms;
  /** How long a guardian that has just begun may take until it answers; 10 s unless said otherwise. */
  readonly startLimitMs?: Ms;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

const startLimitDefaultMs: Ms = 10_000;
const respawnMinMs: Ms = 250;
const respawnMaxMs: Ms = 5_000;
/** /proc counts in ticks of 10 ms on every Linux that Node runs on. */
const tickMs: Ms = 10;

export class GuardianProcesses {
  readonly #options: GuardianProcessesOptions;
  readonly #startLimitMs: Ms;
  #spawned: { readonly pid: number; readonly atMono: MonoMs } | null = null;
  #respawnMs: Ms = respawnMinMs;

  constructor(options: GuardianProcessesOptions) {
    this.#options = options;
    this.#startLimitMs = options.startLimitMs ?? startLimitDefaultMs;
  }

  /** The guardian of this state directory, if one lives: the one that answered last, or the one that holds the lock. */
  living(known: ProcessIdentity | null): ProcessIdentity | null {
    const { host, program } = this.#options;
    return known !== null && same(known, host.identify(known.pid))
      ? known
      : livingGuardian(program.spec.stateDir, host);
  }

  /** How long this guardian, or one that is to come, may leave batond without an answer: it may have just begun. */
  patienceMs(living: ProcessIdentity | null): Ms {
    if (living === null) return this.#startLimitMs;
    return Math.max(this.#options.silentMs, this.#startLimitMs - this.#ageMs(living));
  }

  /** It was last heard of too long ago, and it has had the time that it may take to begin. */
  isOverdue(living: ProcessIdentity, heardMono: MonoMs): boolean {
    const { clock, silentMs } = this.#options;
    return elapsed(heardMono, clock.mono()) >= silentMs && this.#ageMs(living) >= this.#startLimitMs;
  }

  #ageMs({ startTicks }: ProcessIdentity): Ms {
    return this.#options.clock.boot() - startTicks * tickMs;
  }

  /** At once after one that worked; ever more slowly when they end before they answer. */
  spawnWhenDue(): void {
    const { clock, host, program, log } = this.#options;
    const nowMono = clock.mono();
    if (this.#spawned !== null) {
      const sinceMs = elapsed(this.#spawned.atMono, nowMono);
      const starting = host.identify(this.#spawned.pid) !== null;
      if (sinceMs < (starting ? this.#startLimitMs : this.#respawnMs)) return;
      this.#respawnMs = Math.min(this.#respawnMs * 2, respawnMaxMs);
    }
    const see = join(program.spec.stateDir, 'guardian.log');
    const spawned = spawnGuardian(program, (how) => log('guardian-ended', { how, see }));
    if (!spawned.ok) log('guardian-not-started', { problem: spawned.error });
    this.#spawned = { pid: spawned.ok ? spawned.value.pid : 0, atMono: nowMono };
  }

  /** A guardian answers. */
  answered(): void {
    this.#respawnMs = respawnMinMs;
  }
}

export const same = (one: ProcessIdentity, other: ProcessIdentity | null): boolean =>
  other !== null && one.pid === other.pid && one.startTicks === other.startTicks;

/** The guardian that holds the lock of the state directory, if it lives. */
export function livingGuardian(stateDir: string, host: Pick<ProcessHost, 'identify'>): ProcessIdentity | null {
  const holder = readLock(stateDir);
  return holder !== null && same(holder, host.identify(holder.pid)) ? holder : null;
}

/** What the guardian's lock file says; null when there is none. */
function readLock(stateDir: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(join(stateDir, 'guardian.pid'), 'utf8'));
  } catch {
    return null;
  }
}
