/**
 * Lists that are only appended to, and read whole: one list tells its own history, so a read says what its server knew
 * when. Every read must be a beginning of the final list, and must hold what was acknowledged or read before it was sent.
 */
import { type History, nameOf, type Operation, type Read } from './history.ts';
import type { Findings } from './findings.ts';
import type { Verdict } from './verdict.ts';

type ListRead = Operation<Extract<Read, { kind: 'read-list' }>>;

/** At `atMono` it was known outside that the list had this length at least. */
interface Known {
  readonly atMono: number;
  readonly length: number;
  readonly by: Operation;
}

export function checkLists({ operations, final }: History, findings: Findings): Verdict['staleReads'] {
  const perList = Map.groupBy(operations, listOf);
  perList.delete(null);
  let [count, worstMs] = [0, 0];
  for (const [list, ofList] of perList) {
    const items = final.lists.get(list ?? -1) ?? [];
    const reads = ofList.filter(isListRead);
    for (const read of reads) checkOrder(read, items, findings);
    const known = ofList.flatMap((operation) => whatItShows(operation, items));
    for (const staleMs of checkFreshness(reads, known, findings)) {
      count += 1;
      worstMs = Math.max(worstMs, staleMs);
    }
  }
  return { count, worstMs };
}

const listOf = ({ action }: Operation): number | null =>
  action.kind === 'append' || action.kind === 'read-list' ? action.list : null;

const isListRead = (operation: Operation): operation is ListRead =>
  operation.action.kind === 'read-list' && operation.outcome === 'ok';

function checkOrder(read: ListRead, final: readonly number[], findings: Findings): void {
  const seen = read.action.items ?? [];
  const differs = seen.findIndex((item, index) => final[index] !== item);
  if (differs === -1) return;
  const item = seen[differs] ?? 0;
  const lost = seen.find((each) => !final.includes(each));
  if (lost !== undefined) findings.add('readThenLost', () => `${nameOf(read)} saw ${lost} in list ${read.action.list}`);
  else
    findings.add(
      'twoOrders',
      () => `${nameOf(read)} saw ${item} at place ${differs} of list ${read.action.list}, where ${final[differs]} is`,
    );
}

/** An append that is lost shows nothing here: that is its own anomaly. */
function whatItShows(operation: Operation, final: readonly number[]): readonly Known[] {
  const { action, outcome, answeredMono: atMono } = operation;
  if (outcome !== 'ok') return [];
  switch (action.kind) {
    case 'append': {
      const place = final.indexOf(operation.id);
      return place === -1 ? [] : [{ atMono, length: place + 1, by: operation }];
    }
    case 'read-list': {
      const isPrefix = action.items?.every((item, index) => final[index] === item) === true;
      return isPrefix ? [{ atMono, length: action.items?.length ?? 0, by: operation }] : [];
    }
    default:
      return [];
  }
}

/** How old the news was that each stale read did not show. What went back on its own server is a finding instead. */
function checkFreshness(reads: readonly ListRead[], known: readonly Known[], findings: Findings): readonly number[] {
  const overall = frontier(known);
  const perServer = new Map(
    [...Map.groupBy(known, ({ by }) => by.server)].map(([server, some]) => [server, frontier(some)]),
  );
  return reads.flatMap((read) => {
    const own = firstBeyond(perServer.get(read.server) ?? [], read);
    if (own !== null) {
      findings.add('wentBack', () => `${nameOf(read)} showed less than ${nameOf(own.by)} had before`);
      return [];
    }
    const elsewhere = firstBeyond(overall, read);
    return elsewhere === null ? [] : [read.sentMono - elsewhere.atMono];
  });
}

/** The facts that each said more than all before them, oldest first. */
function frontier(known: readonly Known[]): readonly Known[] {
  const grown: Known[] = [];
  for (const fact of known.toSorted((one, other) => one.atMono - other.atMono))
    if (fact.length > (grown.at(-1)?.length ?? 0)) grown.push(fact);
  return grown;
}

/** The first fact that was known before the read was sent and that the read does not show. */
function firstBeyond(facts: readonly Known[], { sentMono, action }: ListRead): Known | null {
  const shown = action.items?.length ?? 0;
  const first = facts.find(({ length }) => length > shown);
  return first !== undefined && first.atMono < sentMono ? first : null;
}
