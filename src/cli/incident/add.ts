/** What people add: `baton incident ack|note|cause|action|review|sign-off|amend`. Shown, asked where it weighs, sent once. */
import { err, ok, type Result } from '../../core/result.ts';
import type { Case } from '../../core/sla/case/case.ts';
import { type CaseDraft, considered } from '../../core/sla/case/draft.ts';
import { type Failure, refused } from '../failure.ts';
import { agree } from '../agree.ts';
import { postChange } from '../request-submit.ts';
import { wrapText } from '../terminal.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { askCases, pick } from './read-cases.ts';

export interface AddOptions {
  readonly caller: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** One verb: where it is posted, as what, and how it is told. */
export interface Addition {
  /** Below `/v1/incidents/<id>/`. */
  readonly path: string;
  readonly draft: CaseDraft;
  /** The draft as the daemon takes it; who asks is put in. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What it does, one line each, before anybody agrees to it. */
  readonly shown: readonly string[];
  /** What is said when it is done. */
  readonly done: string;
  /** Asked before it is sent; null: it can do no harm. */
  readonly question: string | null;
}

export async function addToIncident(
  context: VerbContext,
  wanted: string,
  options: AddOptions,
  plan: (held: Case) => Result<Addition, Failure>,
): VerbResult {
  const { terminal } = context;
  const read = await askCases(context);
  if (!read.ok) return read;
  const found = pick(read.value.cases, wanted);
  if (!found.ok) return err(found.error.code === 'no-such-incident' ? asRefusal(found.error) : found.error);
  const held = found.value;
  const planned = plan(held);
  if (!planned.ok) return planned;
  const addition = planned.value;
  const { id } = held.incident;
  const early = earlyRefusal(context, held, addition);
  if (early !== null) return err(early);

  const shown = [
    terminal.paint.strong(id),
    ...addition.shown.map((line) => wrapText(line, '    ', '  ')),
    wrapText(options.caller, '  ', '  By: '),
  ].join('\n');
  // What weighs little is added at once.
  if (options.dryRun || addition.question !== null) {
    const agreed = await agree(context, options, shown, addition.question ?? '', {
      incident: id,
      adds: addition.body,
    });
    if (agreed !== null) return agreed;
  }
  const body = { by: options.caller, ...addition.body };
  const posted = await postChange(context, `/v1/incidents/${encodeURIComponent(id)}/${addition.path}`, body, {
    lookAgain: `Nothing was changed. Look at it with \`baton incident show ${id}\`.`,
    findOut: `Find out before you repeat it: \`baton incident show ${id}\` shows what was added.`,
  });
  if (!posted.ok) return posted;
  return ok({ json: { incident: id, entry: posted.value.id }, text: wrapText(`${addition.done} (${id})`) });
}

const asRefusal = ({ code, problem, hint }: Failure): Failure => refused(code, `${problem} Nothing was changed.`, hint);

/** What the daemon would say, before anybody is asked. It alone knows the sites. */
function earlyRefusal({ clock }: VerbContext, held: Case, { draft }: Addition): Failure | null {
  const now = new Date(clock.wall()).toISOString();
  const act = considered(held, draft, { sites: [], contracts: [] }, now);
  if (act.ok || act.error.rule === 'site-known') return null;
  const { rule, problem, mend } = act.error;
  return refused(
    rule,
    `${held.incident.id}: ${problem}. Nothing was changed.`,
    `${mend[0]?.toUpperCase()}${mend.slice(1)}.`,
  );
}
