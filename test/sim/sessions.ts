/** The sessions of one server run, each with the process that serves it. */
import type { Connection } from './network.ts';
import type { Host } from './host.ts';

/** A session with the process that serves it. `connection` is null for one over the local socket. */
export interface Backend {
  readonly pid: number;
  readonly connection: Connection | null;
  /** Always has a next statement at hand: it lives on when its postmaster dies. */
  readonly pipelining: boolean;
}

export class Sessions {
  readonly #all = new Set<Backend>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Backend> {
    return [...this.#all][Symbol.iterator]();
  }

  has(backend: Backend): boolean {
    return this.#all.has(backend);
  }

  add(backend: Backend): void {
    this.#all.add(backend);
  }

  /** What it waits for is not acknowledged. */
  end(backend: Backend): void {
    this.#all.delete(backend);
    backend.connection?.close(this.#host);
  }

  endEach(which: (backend: Backend) => boolean): void {
    for (const backend of this) if (which(backend)) this.end(backend);
  }

  clear(): void {
    this.#all.clear();
  }
}
