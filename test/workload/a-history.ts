/** Histories by hand: `a` leads on timeline 1, then `b` on timeline 2; everything was acknowledged and is there. */
import type {
  FinalState,
  History,
  Operation,
  Outcome,
  Read,
  Server,
  Write,
} from '../../scripts/chaos/workload/history.ts';

const aServer = (target: string, timeline: number, changes: Partial<Server> = {}): Server => ({
  ...{ target, timeline, systemIdentifier: '7000', postmasterStart: `${target} ${timeline}` },
  ...changes,
});
export const a1 = aServer('a', 1);
export const b2 = aServer('b', 2);
/** The same database again, as if `b` had never been promoted. */
export const b1 = aServer('b', 1);
export const foreigner = aServer('b', 2, { systemIdentifier: '8000' });

/** An operation that was answered a millisecond after it was sent. */
export const did = (
  id: number,
  action: Write | Read,
  sentMono: number,
  changes: Partial<Pick<Operation, 'server' | 'outcome' | 'answeredMono'>> = {},
): Operation => ({
  ...{ id, client: 1, server: a1, sentMono, answeredMono: sentMono + 1, outcome: 'ok' as Outcome, action },
  ...changes,
});

export const insert: Write = { kind: 'insert' };
export const append: Write = { kind: 'append', list: 0 };
export const transfer: Write = { kind: 'transfer', source: 0, destination: 1, amount: 30 };
export const readList = (...items: readonly number[]): Read => ({ kind: 'read-list', list: 0, items });
export const readTotal = (total: number): Read => ({ kind: 'read-total', total });

/** What the member holds when exactly the acknowledged writes happened, in this order, and nothing else. */
export function allOf(operations: readonly Operation[], target = 'b'): FinalState {
  const there = operations.filter(({ outcome }) => outcome === 'ok');
  const idsOf = (kind: Write['kind']) => there.filter(({ action }) => action.kind === kind).map(({ id }) => id);
  const moved = idsOf('transfer').length * 30;
  return {
    target,
    inserts: new Map(idsOf('insert').map((id) => [id, 1])),
    transfers: new Map(idsOf('transfer').map((id) => [id, 1])),
    lists: new Map([[0, idsOf('append')]]),
    balances: new Map([
      [0, 100 - moved],
      [1, 100 + moved],
    ]),
  };
}

/** `changes`: what became of the data, on both members. */
export function aHistory(operations: readonly Operation[], changes: Partial<FinalState> = {}): History {
  const final = { ...allOf(operations), ...changes };
  return { accounts: 2, openingBalance: 100, operations, final, replicas: [{ ...final, target: 'a' }] };
}
