/** pg_hba.conf, which Baton writes whole: who may connect. */
import { join } from 'node:path';
import { readIfThere, writeDurably } from '../durable-file.ts';
import type { PostgresOptions } from './options.ts';

export type Admits = 'everybody' | 'baton-only';

const accessFile = 'pg_hba.conf';
const keptOut = '# Clients are kept out until commits are known to wait.';

/** Returns whether its content changed. */
export async function writeAccess(options: PostgresOptions, dataDir: string, admits: Admits): Promise<boolean> {
  const path = join(dataDir, accessFile);
  const { superuser, replication, hba } = options;
  const who = { superuser: superuser.username, replication: replication.username, clients: hba };
  const content = renderAccess(who, admits);
  if ((await readIfThere(path)) === content) return false;
  await writeDurably(path, content);
  return true;
}

/** Whom the file lets in, as Baton last wrote it. */
export const readAccess = async (dataDir: string): Promise<Admits> =>
  admittedBy(await readIfThere(join(dataDir, accessFile)));

const admittedBy = (content: string | null): Admits =>
  (content ?? '').split('\n').includes(keptOut) ? 'baton-only' : 'everybody';

/** The file, and whom its content lets in. */
export const accessParser = [accessFile, admittedBy] as const;

/** User names, and the lines for clients. */
interface Who {
  readonly superuser: string;
  readonly replication: string;
  readonly clients: readonly string[];
}

export function renderAccess(who: Who, admits: Admits): string {
  const superuser = quoted(who.superuser);
  const replication = quoted(who.replication);
  return [
    '# Written by batond. Changes made here are lost: postgres.hba in its configuration is the place.',
    `local all ${superuser} scram-sha-256`,
    `host all ${superuser} all scram-sha-256`,
    `host replication ${replication} all scram-sha-256`,
    ...(admits === 'everybody' ? who.clients : [keptOut]),
    '',
  ].join('\n');
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
