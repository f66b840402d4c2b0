/** The operations of a client on a server that takes writes. Each is noted, however it ends. */
import type { Random } from '../../../test/sim/clock/random.ts';
import type { Operation, Server } from './history.ts';
import type { OpenLists } from './open-lists.ts';
import type { Recorder } from './recorder.ts';
import { accountsCount, appendSql, idsOf, insertSql, readListSql, readTotalSql, transferSql } from './tables.ts';
import type { WireSession } from './wire-session.ts';

export interface Doing {
  readonly run: number;
  readonly client: number;
  readonly session: WireSession;
  readonly server: Server;
  readonly recorder: Recorder;
  readonly lists: OpenLists;
  readonly random: Random;
  /** Other operations of this client are under way on the same session: a transaction must be one query. */
  readonly pipelined: boolean;
}

/** What chance chooses from: writes twice as often as reads. */
const choices = ['insert', 'insert', 'append', 'append', 'transfer', 'read-list', 'read-list', 'read-total'] as const;

/** Whether the server did it. Rejects when the session ended. */
export async function operate(doing: Doing): Promise<boolean> {
  const { run, client, session, server, recorder, lists, random } = doing;
  const begun = { id: recorder.nextId(), client, server };
  const { id } = begun;
  switch (random.pick(choices)) {
    case 'insert':
      return done(recorder.note(begun, session.query(insertSql(run, id)), () => ({ kind: 'insert' })));
    case 'append': {
      const list = lists.forAppend(random);
      return done(recorder.note(begun, session.query(appendSql(run, list, id)), () => ({ kind: 'append', list })));
    }
    case 'transfer':
      return transfer(doing, begun);
    case 'read-list': {
      const list = lists.forRead(random);
      return done(
        recorder.note(begun, session.query(readListSql(run, list)), (rows) => ({
          ...{ kind: 'read-list', list },
          items: rows === null ? null : idsOf(rows[0]?.[0]),
        })),
      );
    }
    case 'read-total':
      return done(
        recorder.note(begun, session.query(readTotalSql(run)), (rows) => ({
          kind: 'read-total',
          total: rows === null ? null : Number(rows[0]?.[0]),
        })),
      );
  }
}

const done = async (noted: ReturnType<Recorder['note']>): Promise<boolean> => (await noted).refused === null;

/** In one query, or statement by statement as most programs do it. */
async function transfer(doing: Doing, begun: Pick<Operation, 'id' | 'client' | 'server'>): Promise<boolean> {
  const { run, session, recorder, random, pipelined } = doing;
  const source = random.int(0, accountsCount - 1);
  const destination = (source + random.int(1, accountsCount - 1)) % accountsCount;
  const action = { kind: 'transfer', source, destination, amount: random.int(1, 100) } as const;
  const statements = transferSql(run, begun.id, action);
  if (pipelined) return done(recorder.note(begun, session.query(statements.join(';')), () => action));
  for (const statement of ['BEGIN', ...statements]) {
    const answer = await session.query(statement);
    if (answer.refused === null) continue;
    await recorder.note(begun, Promise.resolve(answer), () => action);
    await session.query('ROLLBACK');
    return false;
  }
  return done(recorder.note(begun, session.query('COMMIT'), () => action));
}
