/** As whom a rig's daemons run. PostgreSQL refuses root, so root's rig runs as user postgres. */
import { execFileSync } from 'node:child_process';
import type { Command } from './place.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export function daemonOwner(): Owner {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid };
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The command as it is to be run so that it runs as the owner. */
export const asOwner = ({ uid, gid }: Owner, ...command: Command): Command =>
  process.getuid?.() === uid ? command : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', ...command];
