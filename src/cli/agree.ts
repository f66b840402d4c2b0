/** Shows a change, and asks whether it is to be made. */
import { err, ok } from '../core/result.ts';
import { refused } from './failure.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface Agreeing {
  /** Agreed in advance. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Null when it is to be made; else what there is to answer. */
export async function agree(
  { terminal, signal }: VerbContext,
  { yes, dryRun }: Agreeing,
  shown: string,
  question: string,
): Promise<Awaited<VerbResult> | null> {
  if (dryRun) return ok({ json: { dryRun: true }, text: `${shown}\n\nDry run: nothing was changed.` });
  terminal.err(shown);
  if (yes || (terminal.interactive && (await terminal.confirm(question, signal)))) return null;
  return err(
    refused('confirmed', 'Not confirmed. Nothing was changed.', 'Look at it with --dry-run, then repeat with --yes.'),
  );
}
