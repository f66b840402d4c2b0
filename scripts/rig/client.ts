/**
 * A client that checks the promises: writers that insert numbered rows as fast as they are acknowledged, or at some
 * distance, through whichever server takes writes. It remembers every acknowledgement and the gaps between them. It never cancels a
 * statement (a cancelled wait for synchronous replication reports COMMIT): a connection that broke or fell silent is
 * dropped, the row's outcome is unknown, and the row is not sent again.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Acknowledgements, type Gap } from './acknowledgements.ts';
import type { ClientEndpoint } from './rig.ts';
import { monoNow } from './rig-member.ts';
import { type Verdict, verifyRows } from './verify.ts';
import { connectWritable, type Session } from './writable-session.ts';

export interface ClientOptions {
  readonly endpoints: readonly ClientEndpoint[];
  readonly writers?: number;
  /** For connecting to one server and asking whether it takes writes. */
  readonly connectLimitMs?: number;
  /** A statement unanswered for so long: the connection is dropped and all servers are tried again. */
  readonly silenceMs?: number;
  /** After a connection failed, the server behind the one that failed is tried first; else always in the given order. */
  readonly takesTurns?: boolean;
  /** Between an acknowledgement and the next row of a writer; 0 by default. */
  readonly pauseMs?: number;
}

const retryMs = 10;
const stopLimitMs = 2_000;

export class CheckingClient implements AsyncDisposable {
  /** Distinguishes this client's rows from those of others in the same table. */
  readonly run = randomInt(1, 2 ** 31);
  readonly #acknowledgements: Acknowledgements;
  readonly #options: Required<ClientOptions>;
  readonly #stopping = new AbortController();
  readonly #sessions = new Map<number, Session>();
  readonly #problems: string[] = [];
  #writing: readonly Promise<void>[] = [];
  #servedBy: string | null = null;

  constructor(options: ClientOptions) {
    this.#options = { writers: 1, connectLimitMs: 300, silenceMs: 500, takesTurns: false, pauseMs: 0, ...options };
    this.#acknowledgements = new Acknowledgements(this.#options.writers);
  }

  /** Makes the table where writes are taken, within `limitMs`, then ends; the writers go on until `stop`. */
  async start(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!(await this.#makeTable())) {
      if (performance.now() > deadline)
        throw new Error(`no server took writes within ${limitMs} ms: ${this.#problems.at(-1) ?? ''}`);
      await sleep(retryMs);
    }
    this.#writing = Array.from({ length: this.#options.writers }, (_, writer) => this.#write(writer));
  }

  /** Ends the writers: the statements under way get two seconds, then count as unknown. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const late = setTimeout(() => {
      for (const session of this.#sessions.values()) session.drop();
    }, stopLimitMs);
    await Promise.all(this.#writing).finally(() => clearTimeout(late));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get acknowledgedCount(): number {
    return this.#acknowledgements.acknowledgedCount;
  }

  get unknownCount(): number {
    return this.#acknowledgements.unknownCount;
  }

  /** When the newest acknowledgement came, by `monoNow`; null before the first. */
  get newestMono(): number | null {
    return this.#acknowledgements.newestMono;
  }

  /** The server that gave the newest acknowledgement. */
  get servedBy(): string | null {
    return this.#servedBy;
  }

  /** Why connections ended, newest last, at most a hundred. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Outages that overlap the window, longest first; instants by `monoNow`. */
  outages(sinceMono: number, untilMono: number = monoNow()): readonly Gap[] {
    return this.#acknowledgements.outages(sinceMono, untilMono);
  }

  /** Ends when `count` more rows were acknowledged from now on; throws past `limitMs`. */
  async untilMore(count: number, limitMs: number): Promise<void> {
    const wanted = this.acknowledgedCount + count;
    const deadline = performance.now() + limitMs;
    while (this.acknowledgedCount < wanted) {
      if (performance.now() > deadline) {
        const missing = wanted - this.acknowledgedCount;
        throw new Error(
          `${missing} of ${count} rows not acknowledged within ${limitMs} ms: ${this.#problems.at(-1) ?? ''}`,
        );
      }
      await sleep(retryMs);
    }
  }

  /** Compares the table on that server with what was acknowledged. Only after `stop`. */
  verify(endpoint: ClientEndpoint, limitMs = 60_000): Promise<Verdict> {
    if (!this.#stopping.signal.aborted) throw new Error('verify while writers are writing: stop the client first');
    return verifyRows(endpoint, this.run, this.#options.writers, this.#acknowledgements, limitMs);
  }

  async #makeTable(): Promise<boolean> {
    const session = await connectWritable(this.#options.endpoints, this.#options.connectLimitMs);
    if (session === null) return false;
    try {
      await session.client.query(
        `CREATE TABLE IF NOT EXISTS baton_writes (run int NOT NULL, writer int NOT NULL, seq int NOT NULL);
         CREATE INDEX IF NOT EXISTS baton_writes_rows ON baton_writes (run, writer, seq)`,
      );
      return true;
    } catch (error) {
      this.#note(session, error);
      return false;
    } finally {
      session.drop();
    }
  }

  async #write(writer: number): Promise<void> {
    const { connectLimitMs, takesTurns } = this.#options;
    const { signal } = this.#stopping;
    let { endpoints } = this.#options;
    while (!signal.aborted) {
      const session = await connectWritable(endpoints, connectLimitMs);
      if (session === null) {
        await sleep(retryMs);
        continue;
      }
      this.#sessions.set(writer, session);
      await this.#writeOn(session, writer).catch((error: unknown) => this.#note(session, error));
      this.#sessions.delete(writer);
      session.drop();
      const next = endpoints.indexOf(session.endpoint) + 1;
      if (takesTurns) endpoints = [...endpoints.slice(next), ...endpoints.slice(0, next)];
    }
  }

  /** Writes until the connection fails, falls silent, or the client stops. */
  async #writeOn(session: Session, writer: number): Promise<void> {
    const { silenceMs, pauseMs } = this.#options;
    let sentMono = monoNow();
    const watch = setInterval(() => monoNow() - sentMono > silenceMs && session.drop(), silenceMs / 10);
    try {
      while (!this.#stopping.signal.aborted) {
        const seq = this.#acknowledgements.next(writer);
        sentMono = monoNow();
        await session.client.query({
          name: 'write',
          text: 'INSERT INTO baton_writes (run, writer, seq) VALUES ($1, $2, $3)',
          values: [this.run, writer, seq],
        });
        this.#acknowledgements.acknowledged(writer, seq, monoNow());
        this.#servedBy = session.endpoint.name;
        if (pauseMs > 0) await sleep(pauseMs);
      }
    } finally {
      clearInterval(watch);
    }
  }

  #note({ endpoint }: Session, error: unknown): void {
    if (this.#problems.length >= 100) this.#problems.shift();
    this.#problems.push(`${endpoint.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
