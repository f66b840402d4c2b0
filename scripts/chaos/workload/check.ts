/** The checker: from what the clients were told and what is in the database to what was promised and not kept. Pure. */
import { checkBalances } from './check-balances.ts';
import { checkLists } from './check-lists.ts';
import { checkPresence } from './check-presence.ts';
import { checkReplicas } from './check-replicas.ts';
import { checkServers } from './check-servers.ts';
import { checkService } from './check-service.ts';
import { Findings } from './findings.ts';
import { type History, isWrite } from './history.ts';
import type { Verdict } from './verdict.ts';

export function check(history: History): Verdict {
  const findings = new Findings();
  const { unknownPresent, lossSpanMs } = checkPresence(history, findings);
  checkBalances(history, findings);
  checkReplicas(history, findings);
  const staleReads = checkLists(history, findings);
  const servers = checkServers(history, findings);
  const writes = history.operations.filter(isWrite);
  const ended = (outcome: string) => writes.filter((write) => write.outcome === outcome).length;
  return {
    counts: {
      ...{ acknowledged: ended('ok'), failed: ended('failed'), unknown: ended('unknown'), unknownPresent },
      reads: history.operations.length - writes.length,
    },
    anomalies: findings.counts,
    ...{ lossSpanMs, staleReads, servers },
    ...checkService(history),
    comparedReplicas: history.replicas.map(({ target }) => target),
    examples: findings.examples,
  };
}
