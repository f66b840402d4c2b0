/** Where a verb writes and asks. Tests pass one that remembers; src/main/baton.ts passes the process's. */
import { styleText } from 'node:util';

export interface Terminal {
  /** The answer: standard output, as it is. Text for people goes through `harmless` first. */
  out(text: string): void;
  /** Errors, hints, plans and progress: standard error, made harmless here. */
  err(text: string): void;
  /** Somebody can be asked: standard input and error are a terminal. */
  readonly interactive: boolean;
  /** Begins the screen anew, where standard output is one; elsewhere writes an empty line. */
  redraw(): void;
  readonly paint: Paint;
  /** False when the answer is no, or when it was interrupted. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

/** Marks for the eye. What they say is always in the words too. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly good: (text: string) => string;
  readonly doubt: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

const asIs = (text: string): string => text;
export const plain: Paint = { strong: asIs, good: asIs, doubt: asIs, bad: asIs, faint: asIs };

type Format = Parameters<typeof styleText>[0];
const painter = (format: Format) => (text: string) => styleText(format, text, { validateStream: false });
export const coloured: Paint = {
  strong: painter('bold'),
  good: painter('green'),
  doubt: painter('yellow'),
  bad: painter(['bold', 'red']),
  faint: painter('dim'),
};

/** NO_COLOR with any non-empty value means no colour (no-color.org). */
export const paintFor = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint =>
  isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? coloured : plain;

/** Nothing is wider than this, so that a narrow console and a paste into a ticket stay readable. */
export const COLUMNS = 80;

/**
 * Breaks at blanks so that no line is too long; the first starts with `first`, the others with `indent`. What stands between
 * backquotes is a command to be copied: it stays in one piece, even if its line becomes too long.
 */
export function wrapText(text: string, indent = '', first = ''): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const [word] of text.matchAll(/[^\s`]*`[^`]*`[^\s`]*|\S+/g)) {
    if (!empty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line].join('\n');
}

/** Texts from etcd and from daemons must not steer the terminal of whoever reads them. Our own colours pass. */
export const harmless = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}](?:\[[0-9;]*m)?/gu, (found) =>
    /^[\n\t]/.test(found) || (found.startsWith('\u001b') && found.length > 1) ? found : ' ',
  );
