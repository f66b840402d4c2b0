/** Newline-delimited JSON: the framing of the socket between batond and its guardian. */

/** The longest line that is taken, in UTF-16 units; a longer one means that the other side is not what it says. */
export const lineLengthMax = 64 * 1024;

export const formatLine = (message: object): string => `${JSON.stringify(message)}\n`;

/** Cuts a stream of text into lines. Holds one unfinished line at most. */
export class LineCutter {
  #rest = '';

  /** The lines that this chunk completes, without their ends. Throws RangeError when one is too long. */
  push(chunk: string): readonly string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > lineLengthMax || lines.some((line) => line.length > lineLengthMax)) {
      this.#rest = '';
      throw new RangeError(`a line is longer than ${lineLengthMax} characters`);
    }
    return lines.filter((line) => line !== '');
  }
}
