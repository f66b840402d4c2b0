/**
 * A host of the simulation and the processes on it. What happens to a host happens to all its processes; its disk
 * outlives them. A dead process is simply never scheduled again: no handler, no finally block runs, as after SIGKILL.
 */
import { type MonoMs, type Ms, monoMs, type WallMs, wallMs } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';

export class Host {
  powered = true;
  powerCuts = 0;
  paused = false;
  /** How long CLOCK_MONOTONIC of this host has stood still (suspends); CLOCK_BOOTTIME counts them. */
  #suspendedMs: Ms = 0;
  #suspendedAt: MonoMs | null = null;
  /** The host's wall clock against the world's. */
  wallOffsetMs: Ms = 0;
  /** How much faster its clocks go than the world's, and since when. */
  #drift = { rate: 0, sinceMono: monoMs(0), gainedMs: 0 };
  readonly #processes = new Set<SimProcess>();
  /** Also the dead. */
  readonly #spawned: SimProcess[] = [];
  #held: (() => void)[] = [];
  readonly name: string;
  readonly world: Clock;

  constructor(name: string, world: Clock) {
    this.name = name;
    this.world = world;
  }

  spawn(name: string): SimProcess {
    const process = new SimProcess(this, name);
    this.#processes.add(process);
    this.#spawned.push(process);
    return process;
  }

  forget(process: SimProcess): void {
    this.#processes.delete(process);
  }

  /** Nothing will be simulated any more. */
  dismantle(): void {
    for (const process of this.#spawned) process.dismantle();
  }

  /** Delivers what arrives from outside: now, when the host resumes, or never. */
  receive(action: () => void): void {
    if (!this.powered) return;
    if (this.paused) this.#held.push(action);
    else action();
  }

  /** Everything in memory is gone, nothing answers. */
  powerOff(): void {
    this.powered = false;
    this.powerCuts += 1;
    this.paused = false;
    this.#suspendedAt = null;
    this.#held = [];
    for (const process of [...this.#processes]) process.kill();
  }

  powerOn(): void {
    this.powered = true;
  }

  /** Nothing of this host is scheduled. With `suspended`, its monotonic clock stands still as well. */
  pause(suspended: boolean): void {
    this.paused = true;
    if (suspended) this.#suspendedAt = this.world.mono();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.#suspendedAt !== null) this.#suspendedMs += this.#own(this.world.mono()) - this.#own(this.#suspendedAt);
    this.#suspendedAt = null;
    const held = this.#held;
    this.#held = [];
    for (const process of [...this.#processes]) process.wake();
    for (const action of held) this.receive(action);
  }

  /** Its clocks go so much faster from now on; what they have gained stays. */
  drift(rate: number): void {
    this.#drift = { rate, sinceMono: this.world.mono(), gainedMs: this.#gainedMs(this.world.mono()) };
  }

  mono(): MonoMs {
    return monoMs(this.#own(this.#suspendedAt ?? this.world.mono()) - this.#suspendedMs);
  }

  boot(): MonoMs {
    return this.#own(this.world.mono());
  }

  wall(): WallMs {
    return wallMs(this.world.wall() + this.#gainedMs(this.world.mono()) + this.wallOffsetMs);
  }

  #own(atMono: MonoMs): MonoMs {
    return monoMs(atMono + this.#gainedMs(atMono));
  }

  #gainedMs(atMono: MonoMs): Ms {
    const { rate, sinceMono, gainedMs } = this.#drift;
    // Whole 1/1024 ms, as all instants of the simulation: a timer must not miss its instant by a rounding error.
    return rate === 0 ? gainedMs : gainedMs + Math.floor(rate * (atMono - sinceMono) * 1024) / 1024;
  }
}

/** One process, or one that stands for several which live and die together. */
export class SimProcess {
  alive = true;
  /** SIGSTOP of this process alone. */
  stopped = false;
  #held: (() => void)[] = [];
  readonly host: Host;
  readonly name: string;
  readonly clock: Clock;
  readonly #scope = new AbortController();

  constructor(host: Host, name: string) {
    this.host = host;
    this.name = name;
    this.clock = processClock(this);
  }

  /** Runs `action` as this process: now, when it is scheduled again, or never. */
  readonly run = (action: () => void): void => {
    if (!this.alive) return;
    if (this.host.paused || this.stopped) this.#held.push(action);
    else action();
  };

  /** What the promise says reaches this process only while it lives, and no sooner than it is scheduled. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.run(() => resolve(value)),
        (error: unknown) => this.run(() => reject(error)),
      );
    });
  }

  kill(): void {
    this.alive = false;
    this.#held = [];
    this.host.forget(this);
  }

  /** The scope of all that runs in it. It ends with the simulation, not with the process, whose death nothing in it hears of. */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /** Node keeps whatever listens to a signal made of others until that aborts: a whole world, for good. */
  dismantle(): void {
    this.kill();
    this.#scope.abort('the simulation is over');
  }

  stop(): void {
    this.stopped = true;
  }

  continue(): void {
    this.stopped = false;
    this.wake();
  }

  /** Catches up with what was held back, oldest first, and with all that follows from one before the next. */
  wake(): void {
    const held = this.#held;
    this.#held = [];
    for (const action of held) this.host.world.timer(0, () => this.run(action));
  }
}

/** The world's clock has no shorter step. */
const clockTickMs: Ms = 1 / 1024;

function processClock(process: SimProcess): Clock {
  const host = process.host;
  const timer = (durationMs: Ms, action: () => void): (() => void) => {
    const due = host.mono() + durationMs;
    let cancelled = false;
    const fire = () => {
      if (cancelled) return;
      // After a suspend the host's clock is not there yet; one that drifts may lack a rounding error.
      if (host.mono() < due) disarm = host.world.timer(Math.max(clockTickMs, due - host.mono()), expire);
      else action();
    };
    const expire = () => process.run(fire);
    let disarm = host.world.timer(Math.max(0, due - host.mono()), expire);
    return () => {
      cancelled = true;
      disarm();
    };
  };
  return {
    mono: () => host.mono(),
    boot: () => host.boot(),
    wall: () => host.wall(),
    timer,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = timer(durationMs, () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        });
        const aborted = () => {
          cancel();
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', aborted, { once: true });
      }),
    timeout: (limitMs) => {
      const controller = new AbortController();
      timer(limitMs, () => controller.abort(new DOMException(`nothing within ${limitMs} ms`, 'TimeoutError')));
      return controller.signal;
    },
  };
}
