/**
 * Asks every node, some fifty times a second on a session of its own, whether it takes writes and who follows it. The
 * same questions for every system: what it says of itself is not asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEndpoint } from '../../rig/rig.ts';
import { monoNow } from '../../rig/rig-member.ts';
import { connect, type Session } from '../../rig/writable-session.ts';
import { commonMs, WritableTimes } from './intervals.ts';

interface Facts {
  readonly atMono: number;
  readonly writable: boolean;
  /** As a number; 0 in recovery. */
  readonly timeline: number;
  /** A standby streams from it, and commits wait for it where they have to. */
  readonly followed: boolean;
}

const pollMs = 20;
const answerLimitMs = 300;
/** An answer that is older says nothing of now. */
const staleMs = 500;

const question = `
  SELECT NOT (pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean) AS writable,
         CASE WHEN pg_is_in_recovery() THEN '0' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
         EXISTS (SELECT FROM pg_stat_replication
                  WHERE state = 'streaming' AND application_name <> 'pg_basebackup'
                    AND (NOT $1::boolean OR sync_state IN ('sync', 'quorum'))) AS followed`;

export class NodesWatch implements AsyncDisposable {
  readonly #nodes: ReadonlyMap<string, { readonly times: WritableTimes; facts: Facts | null }>;
  readonly #synchronous: boolean;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<unknown>;
  #redundantSinceMono: number | null = null;

  constructor(endpoints: readonly ClientEndpoint[], synchronous: boolean) {
    this.#synchronous = synchronous;
    this.#nodes = new Map(endpoints.map(({ name }) => [name, { times: new WritableTimes(), facts: null }]));
    this.#watching = Promise.all(endpoints.map((endpoint) => this.#watch(endpoint)));
  }

  /** Those that just said that they take writes, the newest timeline first. */
  get writable(): readonly string[] {
    return this.#fresh()
      .filter(([, { writable }]) => writable)
      .toSorted(([, one], [, other]) => other.timeline - one.timeline)
      .map(([name]) => name);
  }

  /** Since when exactly one node takes writes and is followed; null while that is not so. */
  get redundantSinceMono(): number | null {
    return this.#redundantSinceMono;
  }

  /** How long more than one node took writes, in all. */
  get twoWritableMs(): number {
    const [one, other] = [...this.#nodes.values()].map(({ times }) => times.intervals);
    return one === undefined || other === undefined ? 0 : commonMs(one, other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async #watch(endpoint: ClientEndpoint): Promise<void> {
    let session: Session | null = null;
    while (!this.#stopping.signal.aborted) {
      session ??= await connect(endpoint, answerLimitMs, false);
      const answered = session === null ? null : await this.#ask(session);
      this.#note(endpoint.name, answered);
      if (answered === null) {
        session?.drop();
        session = null;
      }
      await sleep(pollMs);
    }
    session?.drop();
  }

  async #ask(session: Session): Promise<(Facts & { readonly sentMono: number }) | null> {
    const sentMono = monoNow();
    const late = setTimeout(session.drop, answerLimitMs);
    try {
      const { rows } = await session.client.query<{ writable: boolean; timeline: string; followed: boolean }>(
        question,
        [this.#synchronous],
      );
      const [row] = rows;
      if (row === undefined) return null;
      return { ...row, timeline: Number.parseInt(row.timeline, 16), sentMono, atMono: monoNow() };
    } catch {
      return null;
    } finally {
      clearTimeout(late);
    }
  }

  #note(name: string, answered: (Facts & { readonly sentMono: number }) | null): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    node.times.add(answered === null ? null : { ...answered, receivedMono: answered.atMono });
    node.facts = answered;
    const primaries = this.#fresh().filter(([, { writable }]) => writable);
    const redundant = primaries.length === 1 && primaries[0]?.[1].followed === true;
    this.#redundantSinceMono = redundant ? (this.#redundantSinceMono ?? monoNow()) : null;
  }

  #fresh(): readonly (readonly [string, Facts])[] {
    return [...this.#nodes].flatMap(([name, { facts }]) =>
      facts !== null && monoNow() - facts.atMono < staleMs ? [[name, facts] as const] : [],
    );
  }
}
