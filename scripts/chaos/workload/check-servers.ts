/**
 * Whether two members acknowledged at once. A timeline is one member's for ever, and begins with a promotion: so the
 * first acknowledgement on it says when everybody on a lower one must have ended. What was on its way then is not
 * judged here; if it is not in the database it is missing.
 */
import { acknowledgedWrites, type History, nameOf, type Operation, type Write } from './history.ts';
import type { Findings } from './findings.ts';
import type { ServerPeriod } from './verdict.ts';

export function checkServers(history: History, findings: Findings): readonly ServerPeriod[] {
  const writes = acknowledgedWrites(history).toSorted((one, other) => one.answeredMono - other.answeredMono);
  const firstOfTimeline = new Map<number, Operation<Write>>();
  for (const write of writes) {
    const { timeline } = write.server;
    if (!firstOfTimeline.has(timeline)) firstOfTimeline.set(timeline, write);
  }
  const [first] = writes;
  for (const write of writes) {
    const { target, timeline, systemIdentifier } = write.server;
    const sameTimeline = firstOfTimeline.get(timeline);
    if (sameTimeline !== undefined && sameTimeline.server.target !== target)
      findings.add('sameTimeline', () => `${nameOf(write)}, which ${sameTimeline.server.target} had begun`);
    const successor = [...firstOfTimeline.values()].find(
      ({ server, answeredMono }) =>
        server.timeline > timeline && server.target !== target && answeredMono < write.sentMono,
    );
    if (successor !== undefined) findings.add('afterSuccessor', () => afterText(write, successor));
    if (first !== undefined && first.server.systemIdentifier !== systemIdentifier)
      findings.add('otherDatabase', () => `${nameOf(write)} is of system ${systemIdentifier}`);
  }
  return [...Map.groupBy(writes, ({ server }) => server)].map(([server, some]) => ({
    ...server,
    acknowledged: some.length,
    firstMono: some[0]?.answeredMono ?? 0,
    lastMono: some.at(-1)?.answeredMono ?? 0,
  }));
}

const afterText = (write: Operation<Write>, { server, answeredMono }: Operation<Write>): string =>
  `${nameOf(write)} was sent ${(write.sentMono - answeredMono).toFixed(1)} ms after ${server.target} had acknowledged on timeline ${server.timeline}`;
