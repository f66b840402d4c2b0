/** Asks again and again and redraws, until interrupted. A failure is shown and the watch goes on: it is what one waits out. */
import type { Ms } from '../core/units.ts';
import { EXIT, type ExitCode } from './failure.ts';
import { failureDocument, print, printFailure } from './print.ts';
import type { VerbContext, VerbResult } from './verb.ts';

/** With `json` it prints one document per line and round, to be read as a stream. */
export async function watch(
  context: VerbContext,
  everyMs: Ms,
  json: boolean,
  verb: () => VerbResult,
): Promise<ExitCode> {
  const { terminal, clock, signal } = context;
  while (!signal.aborted) {
    const result = await verb();
    if (signal.aborted) break;
    if (json) {
      terminal.out(JSON.stringify(result.ok ? result.value.json : failureDocument(result.error)));
    } else {
      terminal.redraw();
      terminal.out(
        `${new Date(clock.wall()).toISOString().slice(11, 19)} UTC, every ${everyMs / 1_000} s, Ctrl-C ends it`,
      );
      if (result.ok) print(result, false, terminal);
      else printFailure(result.error, false, terminal);
    }
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
  return EXIT.done;
}
