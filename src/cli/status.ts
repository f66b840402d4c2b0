/** `baton status`: the cluster as the daemon on this host sees it, or else as etcd holds it. */
import { readSharedPolicy } from '../config/shared.ts';
import { ok } from '../core/result.ts';
import { statusOfKeys } from '../core/status.ts';
import { caseFilesOfKeys } from '../wire/case-entry.ts';
import { parseCluster } from '../wire/cluster-keys.ts';
import { statusSchema } from '../wire/status.ts';
import { ask } from './ask.ts';
import { orFromEtcd } from './fallback.ts';
import { incidentsOf } from './incidents-of.ts';
import { announcementsIn } from './maintenance.ts';
import { nextStep } from './next-step.ts';
import { contractWarnings, promisesOf } from './promises-of.ts';
import { renderStatus } from './render-status.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export async function status(context: VerbContext): VerbResult {
  const asked = await ask(context, '/v1/status', statusSchema);
  const answer = await orFromEtcd(context, asked, (snapshot, cluster) =>
    ok(
      statusOfKeys(cluster, parseCluster(snapshot, readSharedPolicy), {
        incidents: incidentsOf(snapshot),
        cases: caseFilesOfKeys(snapshot.entries),
        promises: { ...promisesOf(snapshot, context.clock.wall()), maintenance: announcementsIn(snapshot) },
        warnings: contractWarnings(snapshot, context.clock.wall()),
        nowWall: context.clock.wall(),
      }),
    ),
  );
  if (!answer.ok) return answer;
  const { source, value } = answer.value;
  return ok({
    json: { ...value, source: source.kind, next: nextStep(value, source).says },
    text: renderStatus(value, source, context.terminal.paint),
  });
}
