/** The end of a text file, however long the file is, and how much comes before it. */
import { open } from 'node:fs/promises';

export interface TextTail {
  readonly lines: readonly string[];
  /** Of the file, before these lines. */
  readonly bytesBefore: number;
}

/** Whole lines only, unless the file is a single one. Rejects when it cannot be read. */
export async function textTail(path: string, bytesMax: number): Promise<TextTail> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - bytesMax);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size, bytesMax)),
      0,
      Math.min(size, bytesMax),
      from,
    );
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line !== '');
    return { lines: from > 0 && lines.length > 1 ? lines.slice(1) : lines, bytesBefore: from };
  } finally {
    await file.close();
  }
}
