/** Reads a file of lines in pieces: a ledger may be larger than what one would hold in memory. */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { MiB } from '../../core/units.ts';

export interface FileLine {
  readonly text: string;
  /** What it takes in the file, with its line break. The text alone cannot tell: it may not have been UTF-8. */
  readonly bytes: number;
  /** It ends with a line break; only the last line may not. */
  readonly complete: boolean;
}

/** Longer lines end the reading with a RangeError: nothing of ours is near it. */
const LINE_BYTES_MAX = 16 * MiB;

/** Of the whole file, or of its first `bytes`. A handle is read from its beginning, and closed at the end. */
export async function* fileLines(
  source: string | FileHandle,
  bytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<FileLine> {
  // A stream cannot be told to end before its first byte.
  const end = Math.max(bytes, 1) - 1;
  const stream =
    typeof source === 'string' ? createReadStream(source, { end }) : source.createReadStream({ start: 0, end });
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes === 0) break;
    rest = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      yield { text: rest.toString('utf8', start, end), bytes: end + 1 - start, complete: true };
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > LINE_BYTES_MAX)
      throw new RangeError(`${stream.path}: a line is longer than ${LINE_BYTES_MAX} bytes`);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), bytes: rest.length, complete: false };
}
