/** What a failed round leaves for people: journals and logs of every member, etcd's logs. No data and no secrets. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosCluster } from './cluster.ts';

const perMember = ['state/journal', 'state/guardian.log', 'state/postgres.log', 'state/ledger', 'batond.log'];

/** The new directory. */
export function keepEvidence(out: string, { rig }: ChaosCluster, name: string, result: object): string {
  const directory = join(out, 'failed', name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  for (const [name, { files }] of rig.members) {
    for (const part of perMember) keep(join(files.directory, part), join(directory, name, part));
    keep(join(files.dataDir, 'log'), join(directory, name, 'log'));
  }
  for (const file of readdirSync(rig.etcd.directory).filter((entry) => entry.endsWith('.log')))
    keep(join(rig.etcd.directory, file), join(directory, file));
  return directory;
}

function keep(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}
