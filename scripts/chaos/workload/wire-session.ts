/**
 * A session that can pipeline: any number of queries may be sent before the first is answered. It speaks PostgreSQL's
 * simple protocol on the socket of a session that the driver has authenticated, because the driver sends the next query
 * only after the answer to the last. An answer is complete at ReadyForQuery, which is after the commit; CommandComplete
 * of a statement in the middle is not.
 */
import type { ClientEndpoint } from '../../rig/rig.ts';
import { monoNow } from '../../rig/rig-member.ts';
import { connect, type Session } from '../../rig/writable-session.ts';

export interface Answer {
  /** As text; null is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly sentMono: number;
  readonly answeredMono: number;
  /** The server said that it did not do it, and why: the transaction is rolled back. */
  readonly refused: string | null;
  /** The server stopped waiting for its standby and said so: a COMMIT that promises nothing. */
  readonly waitCancelled: boolean;
}

interface Pending {
  readonly sentMono: number;
  readonly rows: (string | null)[][];
  refused: string | null;
  waitCancelled: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

const headerBytes = 5;

/** Null when the server does not answer in time or refuses us. */
export async function openWireSession(endpoint: ClientEndpoint, limitMs: number): Promise<WireSession | null> {
  const session = await connect(endpoint, limitMs, false);
  return session === null ? null : new WireSession(session);
}

export class WireSession {
  readonly #session: Session;
  readonly #pending: Pending[] = [];
  #received: Buffer = Buffer.alloc(0);
  #ended: string | null = null;

  constructor(session: Session) {
    this.#session = session;
    const { socket } = session;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('close', () => this.#end('the connection ended'));
    if (socket.destroyed) this.#end('the connection ended');
  }

  /** Rejects when the session ends before the answer: the outcome is unknown. */
  query(text: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    if (this.#ended !== null) {
      reject(new Error(this.#ended));
      return promise;
    }
    const content = Buffer.from(`${text}\0`);
    const header = Buffer.alloc(headerBytes, 'Q');
    header.writeInt32BE(content.length + 4, 1);
    this.#pending.push({ sentMono: monoNow(), rows: [], refused: null, waitCancelled: false, resolve, reject });
    this.#session.socket.write(Buffer.concat([header, content]));
    return promise;
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Since when the oldest unanswered query is under way; null when none is. */
  get waitingSinceMono(): number | null {
    return this.#pending[0]?.sentMono ?? null;
  }

  /** Closes the socket at once, without a word to the server. */
  drop(): void {
    this.#session.drop();
    this.#end('the client dropped the session');
  }

  #end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    for (const { reject } of this.#pending.splice(0)) reject(new Error(reason));
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (this.#received.length - at >= headerBytes) {
      const end = at + 1 + this.#received.readInt32BE(at + 1);
      if (this.#received.length < end) break;
      this.#handle(String.fromCharCode(this.#received[at] ?? 0), this.#received.subarray(at + headerBytes, end));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }

  #handle(type: string, body: Buffer): void {
    const [oldest] = this.#pending;
    if (oldest === undefined) return; // A notice, or the last words of a server that stops.
    switch (type) {
      case 'D':
        oldest.rows.push(columnsOf(body));
        return;
      case 'E': {
        const { severity, text } = fieldsOf(body);
        // FATAL may come after the commit; only an ERROR says that there was none.
        if (severity === 'ERROR') oldest.refused = text;
        else this.#end(text);
        return;
      }
      case 'N':
        if (fieldsOf(body).text.includes('wait for synchronous replication')) oldest.waitCancelled = true;
        return;
      case 'Z': {
        this.#pending.shift();
        const { rows, sentMono, refused, waitCancelled } = oldest;
        oldest.resolve({ rows, sentMono, answeredMono: monoNow(), refused, waitCancelled });
        return;
      }
      default: // Descriptions of rows, tags of commands, settings.
    }
  }
}

function columnsOf(body: Buffer): (string | null)[] {
  const columns: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    columns.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return columns;
}

/** Of an error or a notice. The severity that is never translated is field V; the SQL state is C, the message M. */
function fieldsOf(body: Buffer): { readonly severity: string; readonly text: string } {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  return { severity: fields.get('V') ?? '', text: `${fields.get('C') ?? ''} ${fields.get('M') ?? ''}` };
}
