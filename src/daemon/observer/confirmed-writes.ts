/**
 * What an observer's probe saw, once it may be believed. A commit that was acknowledged is a fact. One that failed may be
 * the fault of the observer's own way into the world: it counts when etcd, which is at every site, has answered since.
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

  constructor(believed: (seen: SeenWrite) => void) {
    this.#believed = believed;
  }

  saw(seen: SeenWrite): void {
    if (seen.write.answer.ok && this.#waiting.length === 0) {
      this.#believed(seen);
      return;
    }
    this.#waiting.push(seen);
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
  }

  /** etcd answered a question that was asked at `askedMono`, or spoke then. */
  etcdAnswered(askedMono: MonoMs): void {
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
    const acknowledged = this.#waiting.filter(({ write }) => write.answer.ok);
    this.#waiting = [];
    for (const seen of acknowledged) this.#believed(seen);
  }
}
