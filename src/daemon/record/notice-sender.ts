/** Delivers notices: each channel by itself and a few at a time, so that one that hangs delays no other. */
import { err, type Result } from '../../core/result.ts';
import type { Channel } from '../../core/sla/notices/channel.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import type { DeliveryProblem } from '../../core/sla/notices/outbox.ts';
import { type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Delivery, Notifier } from '../../ports/notifier.ts';

export type Attempt = Result<Delivery, DeliveryProblem>;

const attemptLimitMs: Ms = 10 * second;
/** An adapter that ignores its signal is not waited for longer. */
const graceMs: Ms = 1 * second;
const perChannelMax = 2;

export class NoticeSender {
  readonly #clock: Clock;
  readonly #notifier: Notifier;
  /** Keys under way, by channel. */
  readonly #underWay = new Map<string, Set<string>>();
  readonly #stopping: AbortSignal;

  /** When the signal aborts, what is under way is broken off and nothing begins any more. */
  constructor(clock: Clock, notifier: Notifier, signal: AbortSignal) {
    this.#clock = clock;
    this.#notifier = notifier;
    this.#stopping = signal;
  }

  isUnderWay(channel: string, key: string): boolean {
    return this.#underWay.get(channel)?.has(key) ?? false;
  }

  /** Begins one attempt, with what `notice` makes, if the channel has room; `ended` is told how it went, unless it was stopped. */
  offer(channel: Channel, key: string, notice: () => Notice, ended: (attempt: Attempt) => void): void {
    const keys = this.#underWay.get(channel.id) ?? new Set();
    if (keys.size >= perChannelMax || keys.has(key) || this.#stopping.aborted) return;
    this.#underWay.set(channel.id, keys.add(key));
    void this.attempt(channel, notice()).then((attempt) => {
      keys.delete(key);
      if (!this.#stopping.aborted) ended(attempt);
    });
  }

  /** Never rejects, and ends in bounded time whatever the adapter does. */
  async attempt(channel: Channel, notice: Notice): Promise<Attempt> {
    const limit = new AbortController();
    const late: DeliveryProblem = { kind: 'passing', problem: `no answer within ${attemptLimitMs / second} s` };
    const ended = Promise.withResolvers<Attempt>();
    const cancels = [
      this.#clock.timer(attemptLimitMs, () => limit.abort(new Error(late.problem))),
      this.#clock.timer(attemptLimitMs + graceMs, () => ended.resolve(err(late))),
    ];
    const signal = AbortSignal.any([limit.signal, this.#stopping]);
    this.#notifier.deliver(channel, notice, signal).then(ended.resolve, (thrown: unknown) => {
      ended.resolve(err({ kind: 'passing', problem: thrown instanceof Error ? thrown.message : String(thrown) }));
    });
    const attempt = await ended.promise;
    for (const cancel of cancels) cancel();
    return attempt;
  }
}
