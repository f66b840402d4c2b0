/** `baton notices`: who was told what, and `baton notices test CHANNEL`: whether people can be told. */
import { z } from 'zod';
import { err, ok } from '../core/result.ts';
import { listedNotices, type ListedNotice } from '../core/sla/notices/listed-notice.ts';
import { outboxPrefix } from '../core/sla/notices/outbox.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { listedNoticeSchema, parseEntry } from '../wire/outbox.ts';
import { ask, failureOfAnswer, failureOfTrouble, read } from './ask.ts';
import { failed, unknownOutcome } from './failure.ts';
import { orFromEtcd, sourceNote } from './fallback.ts';
import { renderNotices } from './render-notices.ts';
import type { VerbContext, VerbResult } from './verb.ts';

const listSchema = z.object({ notices: z.array(listedNoticeSchema) }).transform((body) => body.notices);

/** `all`: also what was delivered long ago. */
export async function notices(context: VerbContext, all: boolean): VerbResult {
  const listed = await orFromEtcd<readonly ListedNotice[]>(
    context,
    await ask(context, '/v1/notices', listSchema),
    (snapshot) => ok(noticesOf(snapshot)),
  );
  if (!listed.ok) return listed;
  const { source, value } = listed.value;
  const { paint } = context.terminal;
  return ok({
    json: { source: source.kind, notices: value },
    text: sourceNote(source, paint) + renderNotices(value, all, paint),
  });
}

const noticesOf = ({ entries }: Snapshot): readonly ListedNotice[] =>
  listedNotices(
    [...entries].flatMap(([key, { value }]) => (key.startsWith(outboxPrefix) ? (parseEntry(value) ?? []) : [])),
  );

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delivered'), key: z.string(), tookMs: z.number(), remark: z.string().nullable() }),
  z.object({ kind: z.literal('not-delivered'), problem: z.string() }),
  z.object({ kind: z.literal('no-such-channel'), known: z.array(z.string()) }),
]);

/** Through the daemon of this host: another host may have other secrets and another way. */
export async function noticesTest(context: VerbContext, channel: string): VerbResult {
  const { api, askLimitMs, signal } = context;
  const answer = await api.post('/v1/notices/test', { channel }, askLimitMs, signal);
  if (!answer.ok) {
    if (answer.error.kind === 'unreachable') return err(failureOfTrouble(answer.error));
    return err(unknownOutcome(`The test may have been sent. ${answer.error.problem}.`, 'Look whether it arrived.'));
  }
  if (!outcomeSchema.safeParse(answer.value.body).success && answer.value.status >= 400)
    return err(failureOfAnswer(answer.value, api.where));
  const outcome = read(answer.value, outcomeSchema, api.where);
  if (!outcome.ok) return outcome;
  switch (outcome.value.kind) {
    case 'delivered': {
      const { tookMs, remark } = outcome.value;
      const but = remark === null ? '' : `\nBut: ${remark}.`;
      return ok({ json: outcome.value, text: `Channel ${channel} took the test in ${tookMs} ms.${but}` });
    }
    case 'not-delivered':
      return err(
        failed(
          'not-delivered',
          `Channel ${channel} did not take the test from this host: ${outcome.value.problem}.`,
          'Mend the channel, or what this host has for it (notify in its configuration).',
        ),
      );
    case 'no-such-channel': {
      const known = outcome.value.known.join(', ') || 'none is configured (shared.channels)';
      return err(failed('no-such-channel', `There is no channel "${channel}".`, `Known: ${known}.`));
    }
  }
}
