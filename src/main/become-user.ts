/** batond is started by root and works as the user that PostgreSQL runs as: guardian and postgres inherit that. */
import { chownSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { lookUpUser } from '../config/check-host.ts';
import type { BatonConfig } from '../config/schema.ts';
import { err, ok, type Result } from '../core/result.ts';

/** Creates what is missing of the directories that need root, then gives root up for good. */
export async function becomeUser(config: BatonConfig): Promise<Result<void, string>> {
  const owner = await ownerOf(config);
  if (!owner.ok) return owner;
  try {
    makeOwned(config.state, owner.value);
    makeOwned(dirname(config.postgres.dataDir), owner.value);
    if (owner.value !== null) {
      (process as { initgroups?: (user: string, group: number) => void }).initgroups?.(
        owner.value.name,
        owner.value.gid,
      );
      process.setgid?.(owner.value.gid);
      process.setuid?.(owner.value.uid);
    }
  } catch (thrown) {
    return err((thrown as Error).message);
  }
  return ok(undefined);
}

interface Owner {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Null when this process is not root: then it already is who it stays. */
async function ownerOf(config: BatonConfig): Promise<Result<Owner | null, string>> {
  const { runAs } = config.postgres;
  if (process.getuid?.() !== 0 || runAs === undefined) return ok(null);
  const user = await lookUpUser(runAs);
  return user.ok ? ok({ name: runAs, ...user.value }) : user;
}

/** Every directory that had to be created belongs to the owner: root's alone could not be passed through. */
function makeOwned(directory: string, owner: Owner | null): void {
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first === undefined || owner === null) return;
  for (let created = directory; ; created = dirname(created)) {
    chownSync(created, owner.uid, owner.gid);
    if (created === first) return;
  }
}
