/**
 * Time as a list of events. Nothing happens between two of them; an event's microtasks have all run before the next one
 * fires, so the order of everything depends on the events alone.
 */
import { after, type MonoMs, type Ms, monoMs, type WallMs, wallMs } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { asTask, drainMicrotasks } from './microtasks.ts';

interface Event {
  readonly action: () => void;
  /** It has fired, or will not. */
  over: boolean;
}

export class VirtualClock implements Clock {
  /** The wall clock when the monotonic one shows 0; a step of it is a change of this. */
  wallStart: WallMs;
  #now: MonoMs = monoMs(0);
  #sequence = 0;
  /** A binary heap, earliest first; in the three lists one event has one place. */
  readonly #events: Event[] = [];
  /** When each is due, as the clock shows it. */
  #at = new Float64Array(heapMin);
  /** Events of one instant fire in the order in which they were made. */
  #made = new Float64Array(heapMin);
  /** How many of them will not fire. */
  #cancelled = 0;

  constructor(wallStart: WallMs = wallMs(Date.UTC(2008, 3, 24, 8, 0, 0))) {
    this.wallStart = wallStart;
  }

  mono(): MonoMs {
    return this.#now;
  }

  boot(): MonoMs {
    return this.#now;
  }

  wall(): WallMs {
    return wallMs(this.wallStart + this.#now);
  }

  timer(durationMs: Ms, action: () => void): () => void {
    if (!Number.isFinite(durationMs)) throw new RangeError(`not a duration: ${durationMs}`);
    const event: Event = { action, over: false };
    this.#push(event, onGrid(after(this.#now, Math.max(0, durationMs))), this.#sequence++);
    return () => {
      if (event.over) return;
      event.over = true;
      this.#cancelled += 1;
      if (this.#cancelled > cancelledMin && 2 * this.#cancelled > this.#events.length) this.#sweep();
    };
  }

  sleep(durationMs: Ms, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const aborted = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.timer(durationMs, () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      });
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  timeout(limitMs: Ms): AbortSignal {
    const controller = new AbortController();
    this.timer(limitMs, () => controller.abort(new DOMException(`nothing within ${limitMs} ms`, 'TimeoutError')));
    return controller.signal;
  }

  /** When the next event is due; null when there is none. */
  nextAt(): MonoMs | null {
    while (this.#events[0]?.over) {
      this.#pop();
      this.#cancelled -= 1;
    }
    return this.#events.length === 0 ? null : monoMs(this.#at[0] ?? 0);
  }

  /** Goes to the next event, fires it and lets everything that follows from it run. False when there was none. */
  step(): Promise<boolean> {
    return asTask(() => this.stepNow());
  }

  /** The same at once, for a caller that is in no microtask (`asTask`). */
  stepNow(): boolean {
    const at = this.nextAt();
    if (at === null) return false;
    const event = this.#pop();
    this.#now = at;
    event.over = true;
    event.action();
    drainMicrotasks();
    return true;
  }

  /** Fires every event up to `end`, also those made on the way, and stands at `end` afterwards. */
  runUntil(end: MonoMs): Promise<void> {
    return asTask(() => {
      for (let next = this.nextAt(); next !== null && next <= end; next = this.nextAt()) this.stepNow();
      if (this.#now < end) this.#now = end;
    });
  }

  runFor(durationMs: Ms): Promise<void> {
    return this.runUntil(after(this.#now, durationMs));
  }

  /** Steps until `fact` holds. Throws when it does not within `limitMs` of virtual time, or nothing is left to happen. */
  runUntilFact(fact: () => boolean, limitMs: Ms): Promise<void> {
    return asTask(() => {
      const end = after(this.#now, limitMs);
      while (!fact()) {
        const next = this.nextAt();
        if (next === null)
          throw new Error(`at ${this.#now} ms nothing is left to happen and it is still not true: ${fact}`);
        if (next > end) throw new Error(`not true within ${limitMs} ms of virtual time: ${fact}`);
        this.stepNow();
      }
    });
  }

  /** Most timers are limits that are not reached: they must not stay until they would have been. */
  #sweep(): void {
    const [events, at, made] = [[...this.#events], this.#at.slice(), this.#made.slice()];
    this.#events.length = 0;
    this.#cancelled = 0;
    for (let index = 0; index < events.length; index += 1) {
      const event = events[index] as Event;
      if (!event.over) this.#push(event, monoMs(at[index] as number), made[index] as number);
    }
  }

  #push(event: Event, at: MonoMs, made: number): void {
    const events = this.#events;
    let index = events.push(event) - 1;
    if (index >= this.#at.length) {
      this.#at = grown(this.#at);
      this.#made = grown(this.#made);
    }
    const [ats, mades] = [this.#at, this.#made];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const parentAt = ats[parent] as number;
      if (at > parentAt || (at === parentAt && made >= (mades[parent] as number))) break;
      events[index] = events[parent] as Event;
      ats[index] = parentAt;
      mades[index] = mades[parent] as number;
      index = parent;
    }
    events[index] = event;
    ats[index] = at;
    mades[index] = made;
  }

  #pop(): Event {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined) throw new Error('no event is left');
    const size = events.length;
    if (size === 0) return first;
    const [ats, mades] = [this.#at, this.#made];
    const [at, made] = [ats[size] as number, mades[size] as number];
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      let childAt = ats[child] as number;
      const right = child + 1;
      if (right < size) {
        const rightAt = ats[right] as number;
        if (rightAt < childAt || (rightAt === childAt && (mades[right] as number) < (mades[child] as number))) {
          child = right;
          childAt = rightAt;
        }
      }
      if (childAt > at || (childAt === at && (mades[child] as number) >= made)) break;
      events[index] = events[child] as Event;
      ats[index] = childAt;
      mades[index] = mades[child] as number;
      index = child;
    }
    events[index] = last;
    ats[index] = at;
    mades[index] = made;
    return first;
  }
}

/** So many events need no more room. */
const heapMin = 256;

function grown(list: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(2 * list.length);
  longer.set(list);
  return longer;
}

/** Fewer cancelled events are not worth a sweep. */
const cancelledMin = 64;

/**
 * Every instant is a multiple of 1/1024 ms, so that sums and differences of instants are exact: a timer never fires a
 * rounding error before the instant it was set for, which would set it again for ever.
 */
const onGrid = (instant: MonoMs): MonoMs => monoMs(Math.ceil(instant * 1024) / 1024);
