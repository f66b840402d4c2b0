/** Who may own the files of secrets, and reading one. */
import { lookUpUser } from '../config/check-host.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { refuse } from './exits.ts';

/** Root, this process's user, and the user that postgres runs as. */
export async function secretOwners(runAs: string | undefined): Promise<readonly number[]> {
  const own = process.getuid?.() ?? 0;
  const user = runAs === undefined ? null : await lookUpUser(runAs);
  return [0, own, ...(user?.ok === true ? [user.value.uid] : [])];
}

export async function secret(path: string, owners: readonly number[]): Promise<string> {
  const read = await readSecretFile(path, owners);
  if (!read.ok) refuse(`${path}: ${read.error.problem} (${read.error.mend})`);
  return read.value;
}
