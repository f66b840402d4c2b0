/**
 * What an observer's probe saw, once it may be believed. A commit that was acknowledged is a fact. One that failed may be
 * the fault of the observer's own way into the world: it counts when etcd, which is at every site, answered all the time,
 * before it was sent and after it had failed.
 */
import type { ClusterState } from '../../core/cluster.ts';
import type { MonoMs } from '../../core/units.ts';
import type { ClientWrite } from '../client-writes.ts';

export interface SeenWrite {
  readonly write: ClientWrite;
  /** As etcd showed it then. */
  readonly cluster: ClusterState;
}

/** etcd is read each second, and probes fail a hundred times in one at most. */
const waitingMax = 1_000;

export class ConfirmedWrites {
  readonly #believed: (seen: SeenWrite) => void;
  /** In order, from the first that failed. */
  #waiting: SeenWrite[] = [];
  /** Since when etcd answers; null while it does not. */
  #answersSinceMono: MonoMs | null = null;

  constructor(believed: (seen: SeenWrite) => void) {
    this.#believed = believed;
  }

  saw(seen: SeenWrite): void {
    const { answer } = seen.write;
    if (answer.ok && this.#waiting.length === 0) {
      this.#believed(seen);
      return;
    }
    const since = this.#answersSinceMono;
    if (!answer.ok && (since === null || answer.sentMono < since)) return;
    this.#waiting.push(seen);
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
  }

  /** etcd answered, at `nowMono`, a question that was asked at `askedMono`, or spoke then. */
  etcdAnswered(askedMono: MonoMs, nowMono: MonoMs): void {
    this.#answersSinceMono ??= nowMono;
    while (this.#waiting[0] !== undefined && this.#counts(this.#waiting[0], askedMono)) {
      const [seen] = this.#waiting.splice(0, 1);
      if (seen !== undefined) this.#believed(seen);
    }
  }

  #counts({ write: { answer, atMono } }: SeenWrite, askedMono: MonoMs): boolean {
    return answer.ok || atMono <= askedMono;
  }

  /** Nobody knows whether it was the service that failed: that time is measured by nobody. */
  etcdUnreachable(): void {
    this.#answersSinceMono = null;
    const acknowledged = this.#waiting.filter(({ write }) => write.answer.ok);
    this.#waiting = [];
    for (const seen of acknowledged) this.#believed(seen);
  }
}
