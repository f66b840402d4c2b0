/** Writing files so that a crash or a power cut leaves the old content or the new, never a part. */
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode 0600. When it resolves, the content and its name are on disk. One writer per path at a time. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new-${process.pid}`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes names in it durable (created, renamed, deleted). */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
