/** For how long one server goes on as a primary: a writer and a reader of its own, past every daemon, and their last success. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../../scripts/rig/rig.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { connect, type Session } from '../../scripts/rig/writable-session.ts';

const everyMs = 10;
const limitMs = 500;

const write = `SELECT pg_logical_emit_message(true, 'watched', '') IS NOT NULL AS done`;
const read = 'SELECT NOT pg_is_in_recovery() AS done';

export class WatchedPrimary implements AsyncDisposable {
  /** When the newest write was acknowledged, and the newest read answered, out of recovery; by `monoNow`. */
  lastWriteMono = 0;
  lastReadMono = 0;
  readonly #stopping = new AbortController();
  readonly #work: Promise<unknown>;

  constructor(rig: Rig, member: string) {
    const endpoint = rig.clientEndpoints().find(({ name }) => name === member);
    if (endpoint === undefined) throw new Error(`no endpoint for ${member}`);
    const repeat = async (statement: string, succeeded: () => void) => {
      let session: Session | null = null;
      while (!this.#stopping.signal.aborted) {
        session ??= await connect(endpoint, limitMs, false);
        if (session !== null && (await answered(session, statement))) succeeded();
        else {
          session?.drop();
          session = null;
        }
        await sleep(everyMs);
      }
      session?.drop();
    };
    this.#work = Promise.all([
      repeat(write, () => {
        this.lastWriteMono = monoNow();
      }),
      repeat(read, () => {
        this.lastReadMono = monoNow();
      }),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }
}

/** False when the statement fails, says no, or is not answered in time. It is never cancelled. */
async function answered(session: Session, statement: string): Promise<boolean> {
  const late = setTimeout(() => session.drop(), limitMs);
  try {
    return (await session.client.query<{ done: boolean }>(statement)).rows[0]?.done === true;
  } catch {
    return false;
  } finally {
    clearTimeout(late);
  }
}
