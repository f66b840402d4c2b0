/**
 * Renewals of leases at one endpoint, over a stream that stays open: a stream for each of them costs a guardian and etcd
 * three times as much (ADR 34). A stream can fall silent without an error, so the first answer that is late retires it: what was
 * asked on it before may still be answered, what is asked from then on goes over a new one.
 */
import type { Etcd3, IDuplexStream, ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import type { LeaseId, Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { EtcdFailure } from './endpoint.ts';

export interface Renewals {
  /** Seconds that the lease now lives; 0 when this endpoint says that there is none. Rejects with whatever gRPC says. */
  renew(leaseId: LeaseId, limitMs: Ms): Promise<number>;
  /** What is under way fails. */
  close(): void;
}

export function keepRenewals(client: Etcd3, clock: Clock): Renewals {
  const open = new Set<RenewalStream>();
  let current: RenewalStream | null = null;
  return {
    renew(leaseId, limitMs) {
      if (current === null || current.retired) {
        const stream = new RenewalStream(client, clock, () => open.delete(stream));
        open.add(stream);
        current = stream;
      }
      return current.renew(leaseId, limitMs);
    },
    close() {
      for (const stream of [...open]) stream.end(new EtcdFailure('not-taken', 'this client is closed'));
    },
  };
}

type GrpcStream = IDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

interface Asked {
  readonly leaseId: LeaseId;
  /** It has been answered to whoever asked: etcd's own answer, should it come, is for nobody. */
  settled: boolean;
  resolve(ttlS: number): void;
  reject(error: unknown): void;
}

class RenewalStream {
  /** Nothing more is to be asked on it. */
  retired = false;
  readonly #clock: Clock;
  readonly #ended: () => void;
  #stream: GrpcStream | null = null;
  /** In the order in which they were asked, which is the order in which etcd answers. */
  readonly #asked: Asked[] = [];
  #over = false;

  constructor(client: Etcd3, clock: Clock, ended: () => void) {
    this.#clock = clock;
    this.#ended = ended;
    client.leaseClient.leaseKeepAlive().then(
      (stream) => this.#begin(stream),
      (error: unknown) => this.end(error),
    );
  }

  renew(leaseId: LeaseId, limitMs: Ms): Promise<number> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        if (asked.settled) return;
        asked.settled = true;
        cancelLimit();
        then();
      };
      const asked: Asked = {
        leaseId,
        settled: false,
        resolve: (ttlS) => settle(() => resolve(ttlS)),
        reject: (error) => settle(() => reject(error)),
      };
      const cancelLimit = this.#clock.timer(limitMs, () => {
        asked.reject(new EtcdFailure('ambiguous', `no answer within ${Math.ceil(limitMs)} ms`));
        this.retired = true;
        this.#endWhenIdle();
      });
      this.#asked.push(asked);
      this.#stream?.write({ ID: leaseId });
    });
  }

  end(error: unknown): void {
    this.retired = true;
    for (const asked of this.#asked.splice(0)) asked.reject(error);
    if (this.#over) return;
    this.#over = true;
    this.#close();
    this.#ended();
  }

  #begin(stream: GrpcStream): void {
    this.#stream = stream;
    // Kept for good: a stream that is cancelled says so by an error.
    stream.on('error', (error) => this.end(error));
    if (this.#over) {
      this.#close();
      return;
    }
    stream.on('end', () => this.end(new EtcdFailure('ambiguous', 'the stream ended without an answer')));
    stream.on('data', (answer) => this.#answered(answer));
    for (const { leaseId } of this.#asked) stream.write({ ID: leaseId });
  }

  #answered({ ID, TTL }: ILeaseKeepAliveResponse): void {
    const asked = this.#asked.shift();
    if (asked === undefined || asked.leaseId !== ID) {
      // Whose answer it is decides how long a lease is believed.
      const problem = `an answer for lease ${ID}, asked was ${asked?.leaseId ?? 'nothing'}`;
      asked?.reject(new EtcdFailure('ambiguous', problem));
      this.end(new EtcdFailure('ambiguous', problem));
      return;
    }
    asked.resolve(Number(TTL));
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.retired && this.#asked.every(({ settled }) => settled)) this.end(new EtcdFailure('ambiguous', 'retired'));
  }

  #close(): void {
    // Ended before it is cancelled: the library takes the error of a writable stream for a failure of the host.
    this.#stream?.end();
    this.#stream?.cancel();
  }
}
