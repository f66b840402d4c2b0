/** Whether what was acknowledged is there, once, and nothing else is. */
import { type FinalState, type History, isWrite, nameOf, type Operation, type Write } from './history.ts';
import type { Findings } from './findings.ts';

export interface Presence {
  readonly unknownPresent: number;
  /** From the first missing acknowledgement to the last one that the same server gave; 0 when none is missing. */
  readonly lossSpanMs: number;
}

export function checkPresence({ operations, final }: History, findings: Findings): Presence {
  const writes = operations.filter(isWrite);
  const copies = copiesIn(final);
  const missing: Operation<Write>[] = [];
  let unknownPresent = 0;
  for (const write of writes) {
    const found = copies[write.action.kind].get(write.id) ?? 0;
    if (found > 1) findings.add('doubled', () => `${nameOf(write)} is there ${found} times`);
    switch (write.outcome) {
      case 'ok':
        if (found > 0) break;
        missing.push(write);
        findings.add('missing', () => `${nameOf(write)} was acknowledged at ${write.answeredMono.toFixed(1)} ms`);
        break;
      case 'failed':
        if (found > 0) findings.add('resurrected', () => `${nameOf(write)} had failed`);
        break;
      case 'unknown':
        if (found > 0) unknownPresent += 1;
        break;
    }
  }
  reportForeign(writes, copies, findings);
  return { unknownPresent, lossSpanMs: spanOf(missing, writes) };
}

type Copies = Readonly<Record<Write['kind'], ReadonlyMap<number, number>>>;

function copiesIn({ inserts, transfers, lists }: FinalState): Copies {
  const appended = new Map<number, number>();
  for (const items of lists.values()) for (const item of items) appended.set(item, (appended.get(item) ?? 0) + 1);
  return { insert: inserts, transfer: transfers, append: appended };
}

function reportForeign(writes: readonly Operation<Write>[], copies: Copies, findings: Findings): void {
  const sent = { insert: new Set<number>(), append: new Set<number>(), transfer: new Set<number>() };
  for (const { id, action } of writes) sent[action.kind].add(id);
  for (const kind of ['insert', 'append', 'transfer'] as const)
    for (const id of copies[kind].keys())
      if (!sent[kind].has(id)) findings.add('foreign', () => `${kind} ${id} was never sent`);
}

function spanOf(missing: readonly Operation<Write>[], writes: readonly Operation<Write>[]): number {
  let spanMs = 0;
  for (const server of new Set(missing.map((write) => write.server))) {
    const instants = (some: readonly Operation<Write>[]) =>
      some.filter((write) => write.server === server && write.outcome === 'ok').map(({ answeredMono }) => answeredMono);
    const lastMono = instants(writes).reduce((latest, at) => Math.max(latest, at), 0);
    const firstLostMono = instants(missing).reduce((earliest, at) => Math.min(earliest, at), lastMono);
    spanMs = Math.max(spanMs, lastMono - firstLostMono);
  }
  return spanMs;
}
