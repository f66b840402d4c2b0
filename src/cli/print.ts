/** The end of every verb: one answer or one failure, for a person or as one JSON document, and the exit code. */
import type { Result } from '../core/result.ts';
import { EXIT, type ExitCode, type Failure } from './failure.ts';
import { harmless, type Terminal, wrapText } from './terminal.ts';
import type { Answer } from './verb.ts';

export function print(result: Result<Answer, Failure>, json: boolean, terminal: Terminal): ExitCode {
  if (!result.ok) return printFailure(result.error, json, terminal);
  terminal.out(json ? JSON.stringify(result.value.json, null, 2) : shown(result.value));
  return EXIT.done;
}

const shown = ({ text, raw }: Answer): string => (raw === true ? text : harmless(text));

export const failureDocument = ({ code, problem, hint }: Failure) => ({ error: { code, problem, hint } });

/** With --json the document goes to standard output, where a script reads it; otherwise the words go to standard error. */
export function printFailure(failure: Failure, json: boolean, terminal: Terminal): ExitCode {
  const { exit, code, problem, hint } = failure;
  if (json) {
    terminal.out(JSON.stringify(failureDocument(failure), null, 2));
    return exit;
  }
  const label = exit === EXIT.refused ? `refused (${code}):` : 'error:';
  const lines = problem.split('\n').map((line, at) => wrapText(line, '  ', at === 0 ? `${label} ` : '  '));
  terminal.err(lines.join('\n').replace(label, terminal.paint.bad(label)));
  terminal.err(wrapText(hint, '  ', 'hint: '));
  return exit;
}
