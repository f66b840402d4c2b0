/** The sessions of one server: who is connected, and the process that serves it. */
import type { Circumstances } from './circumstances.ts';
import type { Connection } from '../hosts/network.ts';
import type { Host } from '../hosts/host.ts';

/** A session with the process that serves it. `connection` is null for one over the local socket. */
export interface Backend {
  readonly pid: number;
  /** application_name. */
  readonly name: string;
  readonly connection: Connection | null;
  /** Always has a next statement at hand: it lives on when its postmaster dies. */
  readonly pipelining: boolean;
}

export class Sessions {
  readonly #all = new Set<Backend>();
  /** What each stopped backend would do next. */
  readonly #stopped = new Map<Backend, (() => void)[]>();
  #closed = false;
  readonly #host: Host;
  readonly #circumstances: Circumstances;

  constructor(host: Host, circumstances: Circumstances) {
    this.#host = host;
    this.#circumstances = circumstances;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Backend> {
    return [...this.#all][Symbol.iterator]();
  }

  /** Whether one more finds a place: the last ones are for superusers. */
  hasRoom(superuser: boolean): boolean {
    if (this.#closed) return false;
    const { maxConnections, superuserReserved } = this.#circumstances;
    return this.#all.size < maxConnections - (superuser ? 0 : superuserReserved);
  }

  has(backend: Backend): boolean {
    return this.#all.has(backend);
  }

  add(backend: Backend): void {
    if (!this.#closed) this.#all.add(backend);
  }

  /** All end, and none begins any more: the postmaster stands still. */
  close(): void {
    this.#closed = true;
    this.endEach(() => true);
  }

  /** SIGSTOP of this one process. */
  stop(backend: Backend): void {
    if (this.#all.has(backend) && !this.#stopped.has(backend)) this.#stopped.set(backend, []);
  }

  continue(backend: Backend): void {
    const held = this.#stopped.get(backend) ?? [];
    this.#stopped.delete(backend);
    for (const action of held) this.run(backend, action);
  }

  /** Runs `action` as this backend: now, when it goes on, or never. */
  run(backend: Backend, action: () => void): void {
    const held = this.#stopped.get(backend);
    if (held !== undefined) held.push(action);
    else if (this.#all.has(backend)) action();
  }

  /** What it waits for is not acknowledged. */
  end(backend: Backend): void {
    this.#all.delete(backend);
    this.#stopped.delete(backend);
    backend.connection?.close(this.#host);
  }

  endEach(which: (backend: Backend) => boolean): void {
    for (const backend of this) if (which(backend)) this.end(backend);
  }

  clear(): void {
    this.#all.clear();
    this.#stopped.clear();
  }
}
