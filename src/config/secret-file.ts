/** Secrets come from files: one secret, the first line, readable by nobody but its owner. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { err, ok, type Result } from '../core/result.ts';

const secretBytesMax = 4096;

export interface SecretProblem {
  readonly problem: string;
  readonly mend: string;
}

/**
 * The secret, without its line end. `owners` are the user ids that may own the file, beside root. Neither the secret nor
 * a part of it is in any problem. The checks are made on the open file, so that nobody can swap it in between.
 */
export async function readSecretFile(path: string, owners: readonly number[]): Promise<Result<string, SecretProblem>> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (thrown: NodeJS.ErrnoException) => thrown,
  );
  if (file instanceof Error)
    return err({
      problem: `${path} cannot be read (${file.code ?? file.message})`,
      mend: 'create it with the secret as its first line, mode 0600',
    });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return err({ problem: `${path} is not a regular file`, mend: 'put the secret into a file' });
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      return err({ problem: `${path} can be read by others (mode ${mode})`, mend: `chmod 0600 ${path}` });
    }
    if (stat.uid !== 0 && !owners.includes(stat.uid))
      return err({
        problem: `${path} belongs to user id ${stat.uid}, who could change it`,
        mend: `chown it to root or to user id ${owners[0] ?? 0}`,
      });
    const { bytesRead, buffer } = await file.read(Buffer.alloc(secretBytesMax), 0, secretBytesMax, 0);
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/, 1);
    if (line === '')
      return err({ problem: `${path} has an empty first line`, mend: 'write the secret as its first line' });
    if (bytesRead === secretBytesMax && Buffer.byteLength(line) === secretBytesMax)
      return err({
        problem: `${path} has a first line longer than ${secretBytesMax} bytes`,
        mend: 'write the secret as its first line',
      });
    return ok(line);
  } finally {
    await file.close();
  }
}
