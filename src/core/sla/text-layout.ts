/** Lines of at most 80 columns. */
export const columnsMax = 80;

/** What came from elsewhere must not steer the terminal of whoever reads it. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');

/** Breaks at spaces, and inside a word only when it is longer than a line. `first` begins the first line. */
export function wrapped(text: string, indent: number, first = ''): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of printable(text)
    .split(' ')
    .filter((part) => part !== '')) {
    let rest = word;
    if (!empty && line.length + 1 + rest.length > columnsMax) {
      lines.push(line);
      line = ' '.repeat(indent);
      empty = true;
    }
    while (rest.length > columnsMax - line.length) {
      const room = columnsMax - line.length;
      lines.push(line + rest.slice(0, room));
      rest = rest.slice(room);
      line = ' '.repeat(indent);
    }
    line += empty ? rest : ` ${rest}`;
    empty = false;
  }
  return [...lines, line].map((full) => full.trimEnd());
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** A head between two rules: `left` and `right` on one line, `below` under them. */
export function boxed(left: string, right: string, below: string): readonly string[] {
  const rule = '='.repeat(columnsMax);
  const shown = printable(left).slice(0, columnsMax - right.length - 2);
  return [rule, shown.padEnd(columnsMax - right.length) + right, printable(below).slice(0, columnsMax), rule];
}

/** `2,640,000`: long numbers are hard to read at night. */
export const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

export const bytesText = (bytes: number): string => `${thousands(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;
