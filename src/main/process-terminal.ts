/** The terminal that this process was started in. */
import confirm from '@inquirer/confirm';
import { harmless, paintFor, type Terminal } from '../cli/terminal.ts';

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${harmless(text)}\n`),
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    redraw: () => void stdout.write(stdout.isTTY === true ? '\u001b[H\u001b[2J' : '\n'),
    paint: paintFor(stdout.isTTY === true && stderr.isTTY === true, env),
    // The question goes where the plan went: standard output carries nothing but the answer.
    confirm: (question, signal) =>
      confirm({ message: question, default: false }, { output: stderr, signal }).catch((thrown: unknown) => {
        if (
          thrown instanceof Error &&
          ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(thrown.name)
        )
          return false;
        throw thrown;
      }),
  };
}
