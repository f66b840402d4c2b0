/** Follows an accepted request until it is done, has failed, or nobody can say within the time given. */
import { durationText } from '../core/sla/timeline-text.ts';
import { z } from 'zod';
import { err, ok } from '../core/result.ts';
import { after, elapsed, type Ms } from '../core/units.ts';
import { read } from './ask.ts';
import type { ChangePlan } from './change-plan.ts';
import { failed, unknownOutcome } from './failure.ts';
import { howToFindOut } from './request-submit.ts';
import type { VerbContext, VerbResult } from './verb.ts';

const progressSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('under-way'), step: z.string() }),
  z.object({ kind: z.literal('done'), leader: z.string(), tookMs: z.number() }),
  z.object({ kind: z.literal('failed'), problem: z.string() }),
  z.object({ kind: z.literal('not-known') }),
]);

/** A switchover takes a fifth of a second; the daemon answers from memory. */
const pollEveryMs: Ms = 100;

export async function followRequest(context: VerbContext, id: string, plan: ChangePlan, limitMs: Ms): VerbResult {
  const { clock, terminal } = context;
  const started = clock.mono();
  const deadline = after(started, limitMs);
  let lastStep: string | null = null;
  let lastTrouble: string | null = null;
  while (clock.mono() < deadline && !context.signal.aborted) {
    const limit = Math.max(1, Math.min(context.askLimitMs, elapsed(clock.mono(), deadline)));
    const answer = await context.api.get(`/v1/requests/${encodeURIComponent(id)}`, limit, context.signal);
    // A daemon that does not answer or does not know may be restarting, or may not have seen the outcome yet.
    const progress = answer.ok ? read(answer.value, progressSchema, context.api.where) : null;
    lastTrouble = answer.ok ? null : answer.error.problem;
    if (progress?.ok) {
      const now = progress.value;
      if (now.kind === 'done') return done(id, plan, now.leader, now.tookMs);
      if (now.kind === 'failed')
        return err(
          failed('request-failed', now.problem, 'See why with `baton explain`; who leads now with `baton status`.'),
        );
      if (now.kind === 'under-way' && now.step !== lastStep) {
        lastStep = now.step;
        terminal.err(`  +${durationText(Math.round(elapsed(started, clock.mono()))).padEnd(7)} ${now.step}`);
      }
    }
    await clock.sleep(pollEveryMs, context.signal).catch(() => undefined);
  }
  const why = context.signal.aborted ? 'Interrupted' : `Not finished within ${durationText(limitMs)}`;
  const seen =
    lastTrouble ?? (lastStep === null ? 'The daemon has not said how it goes' : `The last step seen: ${lastStep}`);
  return err(unknownOutcome(`${why}; request ${id} may still be carried out. ${seen}.`, howToFindOut));
}

function done(
  id: string,
  plan: ChangePlan,
  leader: string,
  tookMs: Ms,
): ReturnType<typeof ok<{ json: unknown; text: string }>> {
  const text = `Done: ${leader} leads ${plan.cluster}. It took ${durationText(Math.round(tookMs))}.`;
  return ok({ json: { id, state: 'done', leader, tookMs, plan }, text });
}
