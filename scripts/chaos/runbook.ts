/** What docs/operations.md tells an operator to do when etcd was restored or replaced, done step by step. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatSync, keyOf } from '../../src/core/key-format.ts';
import { type CopyId, memberName, type MemberName } from '../../src/core/units.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import { readLeader } from '../rig/daemon-facts.ts';
import type { RigMember } from '../rig/rig-member.ts';
import type { ChaosCluster } from './cluster.ts';
import { deleteEtcd, readEtcd, writeEtcd } from './etcd-content.ts';

const daemonEndsLimitMs = 10_000;
/** A fast shutdown of PostgreSQL under load. */
const guardianEndsLimitMs = 40_000;
const leadsLimitMs = 30_000;

interface Kept {
  readonly lastLedTerm: number | null;
}

export async function mendEtcdsPast({ rig, members }: ChaosCluster): Promise<void> {
  const all = members.map((name) => rig.member(name));
  for (const member of all) await stopped(member, (what, limitMs, gone) => rig.waitFor(what, limitMs, gone));
  const [last] = all.toSorted((one, other) => (keptOf(other).lastLedTerm ?? 0) - (keptOf(one).lastLedTerm ?? 0));
  if (last === undefined) throw new Error('no members');
  const entries = await readEtcd(rig);
  const sync = entries.find(({ key }) => key.endsWith(`/${keyOf.sync}`));
  if (sync === undefined) throw new Error('etcd holds no sync key: put the backup back first');
  await deleteEtcd(rig, [keyOf.leader, keyOf.request]);
  await writeEtcd(rig, [{ ...sync, value: claimOf(last, sync.value), lease: '0' }]);
  for (const member of all) forgetPast(member);
  last.start();
  const { name } = last.files;
  await rig.waitFor(`${name} leading`, leadsLimitMs, async () => (await readLeader(rig))?.name === name);
  for (const member of all) if (member !== last) member.start();
}

type Wait = (what: string, limitMs: number, fact: () => boolean) => Promise<unknown>;

/** Batond first, so that nobody hands anything over; then its guardian, which stops PostgreSQL. */
async function stopped(member: RigMember, wait: Wait): Promise<void> {
  const { name } = member.files;
  for (const [part, limitMs] of [
    ['batond', daemonEndsLimitMs],
    ['guardian', guardianEndsLimitMs],
  ] as const) {
    member.terminate(part);
    await wait(`the end of ${part} of ${name}`, limitMs, () => member.processes(part).length === 0);
  }
}

const keptFile = ({ files }: RigMember): string => join(files.stateDir, 'kept.json');
const keptOf = (member: RigMember): Kept => JSON.parse(readFileSync(keptFile(member), 'utf8')) as Kept;

/** The file keeps its owner, because it is overwritten in place. */
function forgetPast(member: RigMember): void {
  const nothing = { hold: null, etcdClusterId: null, lastLedTerm: null, highestRevision: 0, highestTerm: 0 };
  writeFileSync(keptFile(member), JSON.stringify({ ...keptOf(member), ...nothing }));
}

function claimOf({ files }: RigMember, before: string): string {
  const { copyId } = JSON.parse(readFileSync(join(files.dataDir, 'baton.copy'), 'utf8')) as { copyId: CopyId };
  const { mode } = JSON.parse(before) as { mode: SyncMode };
  const leader: MemberName = memberName(files.name);
  return formatSync({ leader, standbys: [], mode, copies: { [leader]: copyId } });
}
