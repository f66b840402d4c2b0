/**
 * Time as a list of events. Nothing happens between two of them; an event's microtasks have all run before the next one
 * fires, so the order of everything depends on the events alone.
 */
import { after, type MonoMs, type Ms, monoMs, type WallMs, wallMs } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { asTask, drainMicrotasks } from './microtasks.ts';

interface Event {
  readonly at: MonoMs;
  /** Events of one instant fire in the order in which they were made. */
  readonly sequence: number;
  readonly action: () => void;
  /** It has fired, or will not. */
  over: boolean;
}

export class VirtualClock implements Clock {
  /** The wall clock when the monotonic one shows 0; a step of it is a change of this. */
  wallStart: WallMs;
  #now: MonoMs = monoMs(0);
  #sequence = 0;
  /** A binary heap, earliest first. */
  #events: Event[] = [];
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
    const event: Event = {
      at: onGrid(after(this.#now, Math.max(0, durationMs))),
      sequence: this.#sequence++,
      action,
      over: false,
    };
    this.#push(event);
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
    while (this.#events[0]?.over) this.#dropCancelled();
    return this.#events[0]?.at ?? null;
  }

  /** Goes to the next event, fires it and lets everything that follows from it run. False when there was none. */
  step(): Promise<boolean> {
    return asTask(() => this.stepNow());
  }

  /** The same at once, for a caller that is in no microtask (`asTask`). */
  stepNow(): boolean {
    if (this.nextAt() === null) return false;
    const event = this.#pop();
    this.#now = event.at;
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

  #dropCancelled(): void {
    this.#pop();
    this.#cancelled -= 1;
  }

  /** Most timers are limits that are not reached: they must not stay until they would have been. */
  #sweep(): void {
    const live = this.#events.filter((event) => !event.over);
    this.#events = [];
    this.#cancelled = 0;
    for (const event of live) this.#push(event);
  }

  #push(event: Event): void {
    const heap = this.#events;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) throw new Error('no event is left');
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && earlier(heap[right] as Event, heap[left] as Event) ? right : left;
      if (!earlier(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** Fewer cancelled events are not worth a sweep. */
const cancelledMin = 64;

const earlier = (one: Event, other: Event): boolean =>
  one.at === other.at ? one.sequence < other.sequence : one.at < other.at;

/**
 * Every instant is a multiple of 1/1024 ms, so that sums and differences of instants are exact: a timer never fires a
 * rounding error before the instant it was set for, which would set it again for ever.
 */
const onGrid = (instant: MonoMs): MonoMs => monoMs(Math.ceil(instant * 1024) / 1024);
