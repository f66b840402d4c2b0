/** What docs/operations.md tells an operator to do, done. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosCluster } from './cluster.ts';

const stoppedLimitMs = 10_000;

/** "etcd was restored or replaced": the file keeps its owner, because it is overwritten in place. */
export async function forgetEtcdsPast({ rig, members }: ChaosCluster): Promise<void> {
  for (const name of members) {
    const member = rig.member(name);
    member.detach();
    await rig.waitFor(`the end of batond of ${name}`, stoppedLimitMs, () => member.processes('batond').length === 0);
    const file = join(member.files.stateDir, 'kept.json');
    const { hold: _hold, etcdClusterId: _id, ...kept } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...kept, highestRevision: 0, highestTerm: 0 }));
    member.start();
  }
}
