/** Shows a change, and asks whether it is to be made. */
import { err, ok } from '../core/result.ts';
import { refused } from './failure.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface Agreeing {
  /** Agreed in advance. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Null when it is to be made; else what there is to answer. `json`: what a dry run shows to programs. */
export async function agree(
  { terminal, signal }: VerbContext,
  { yes, dryRun }: Agreeing,
  shown: string,
  question: string,
  json: Readonly<Record<string, unknown>> = {},
): Promise<Awaited<VerbResult> | null> {
  if (dryRun) return ok({ json: { dryRun: true, ...json }, text: `${shown}\n\nDry run: nothing was changed.` });
  terminal.err(shown);
  if (yes) return null;
  if (!terminal.interactive)
    return err(
      refused(
        'confirmed',
        'Nobody can be asked here (no terminal), and nothing was agreed in advance. Nothing was changed.',
        'Look at it with --dry-run, then repeat with --yes.',
      ),
    );
  if (await terminal.confirm(question, signal)) return null;
  return err(refused('confirmed', 'Not confirmed. Nothing was changed.', 'Repeat the command when you are sure.'));
}
