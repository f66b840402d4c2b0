/**
 * What the clients of one workload did and were told, and what the database held in the end: everything that the checker
 * may look at. Instants are CLOCK_MONOTONIC in milliseconds, all of one process.
 */

/**
 * One run of one postmaster as a client met it: who gave an acknowledgement, and on which timeline. In one history there
 * is one object for each, so that servers compare by identity.
 */
export interface Server {
  readonly target: string;
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** As the server says it. Tells two runs of PostgreSQL on one member apart. */
  readonly postmasterStart: string;
}

/**
 * `failed`: the server said that it did not happen. `unknown`: no answer, the session was ended, or the server itself
 * said that it stopped waiting for its standby; such a write may be there or not.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** A write leaves the identifier of its operation behind, exactly once. */
export type Write =
  | { readonly kind: 'insert' }
  | { readonly kind: 'append'; readonly list: number }
  | { readonly kind: 'transfer'; readonly source: number; readonly destination: number; readonly amount: number };

export type Read =
  /** The identifiers of the appends, in the order of the list. Null unless `ok`. */
  | { readonly kind: 'read-list'; readonly list: number; readonly items: readonly number[] | null }
  /** Of all accounts. Null unless `ok`. */
  | { readonly kind: 'read-total'; readonly total: number | null };

export interface Operation<Action extends Write | Read = Write | Read> {
  /** Unique in the history. */
  readonly id: number;
  readonly client: number;
  readonly server: Server;
  readonly sentMono: number;
  /** When its outcome was known: the answer, or the end of the session. */
  readonly answeredMono: number;
  readonly outcome: Outcome;
  readonly action: Action;
}

/** What one member held after the last operation. */
export interface FinalState {
  readonly target: string;
  /** How often the row of each insert, and of each transfer, was found. */
  readonly inserts: ReadonlyMap<number, number>;
  readonly transfers: ReadonlyMap<number, number>;
  readonly lists: ReadonlyMap<number, readonly number[]>;
  readonly balances: ReadonlyMap<number, number>;
}

export interface History {
  readonly accounts: number;
  /** Of every account in the beginning. */
  readonly openingBalance: number;
  /** In the order in which they were sent, for each client. */
  readonly operations: readonly Operation[];
  /** Of the member that led in the end. */
  readonly final: FinalState;
  /** Of the standbys that had replayed what the leader held. */
  readonly replicas: readonly FinalState[];
}

export const isWrite = (operation: Operation): operation is Operation<Write> =>
  operation.action.kind === 'insert' || operation.action.kind === 'append' || operation.action.kind === 'transfer';

/** Writes that were acknowledged. */
export const acknowledgedWrites = (history: Pick<History, 'operations'>): readonly Operation<Write>[] =>
  history.operations.filter(isWrite).filter(({ outcome }) => outcome === 'ok');

/** For a message: what it was, who did it, and through whom. */
export const nameOf = ({ id, client, server, action }: Operation): string =>
  `${action.kind} ${id} of client ${client} through ${server.target} on timeline ${server.timeline}`;
