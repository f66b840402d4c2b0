/** The libpq password file: how PostgreSQL's own programs get the passwords without an argument or a log having them. */
import { writeDurably, readIfThere } from '../durable-file.ts';
import { OperationFailure } from './failure.ts';
import { type Credentials, passwordOf } from './options.ts';

/** Written only when its content changes, so that a rotated password reaches it at the next use. */
export async function refreshPassFile(path: string, accounts: readonly Credentials[]): Promise<void> {
  const content = `${accounts.map(entry).join('\n')}\n`;
  if ((await readIfThere(path)) !== content) await writeDurably(path, content, 0o600);
}

function entry(credentials: Credentials): string {
  const password = passwordOf(credentials);
  if (/[\r\n\0]/.test(credentials.username + password)) {
    throw new OperationFailure(
      `the name or password of role "${credentials.username.trim()}" has a line break in it`,
      false,
    );
  }
  return `*:*:*:${escaped(credentials.username)}:${escaped(password)}`;
}

const escaped = (field: string): string => field.replace(/[\\:]/g, '\\$&');
