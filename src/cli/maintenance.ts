/** `baton maintenance announce|list|cancel`: windows in which service may be away, on record before they begin. */
import { promisesIn } from './promises-of.ts';
import { ok, type Result } from '../core/result.ts';
import type { Promises } from '../core/sla/contract.ts';
import { announcementsOf } from '../core/sla/maintenance/announcement.ts';
import { rulings } from '../core/sla/maintenance/ruling.ts';
import { durationText } from '../core/sla/timeline-text.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { parseRecordValue } from '../wire/kept-record.ts';
import { maintenanceKeyPrefix, parseMaintenance } from '../wire/maintenance-records.ts';
import { promisesSchema } from '../wire/contract.ts';
import { type ListedAnnouncement, maintenanceListSchema } from '../wire/planned-drafts.ts';
import { ask } from './ask.ts';
import { agree } from './agree.ts';
import type { Failure } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { postChange } from './request-submit.ts';
import { wrapText } from './terminal.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface AnnounceOptions {
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly contracts: readonly string[] | null;
  readonly sites: readonly string[] | null;
  readonly caller: string;
  readonly reason: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

const lookAgain = 'Nothing was changed. `baton maintenance list` shows what is announced.';
const hints = { lookAgain, findOut: 'Look at it with `baton maintenance list` before you repeat it.' };

export async function maintenanceAnnounce(context: VerbContext, options: AnnounceOptions): VerbResult {
  const { from, to, contracts, sites, caller, reason } = options;
  const what = [...(contracts ?? []).map((id) => `contract ${id}`), ...(sites ?? []).map((id) => `site ${id}`)];
  const shown = [
    context.terminal.paint.strong('Announce maintenance'),
    '',
    `Window: ${from} to ${to} (${durationText(Math.max(0, Date.parse(to) - Date.parse(from)))})`,
    wrapText(what.length === 0 ? 'everything that the cluster serves' : what.join(', '), '        ', 'For:    '),
    wrapText(caller, '        ', 'By:     '),
    wrapText(reason === '' ? 'none given (--reason)' : reason, '        ', 'Reason: '),
    ...(await meaningIfAnnouncedNow(context, options)),
  ].join('\n');
  const agreed = await agree(context, options, shown, 'Announce it?');
  if (agreed !== null) return agreed;
  const draft = { from, to, contracts, sites, by: caller, reason };
  const posted = await postChange(context, '/v1/maintenance', draft, hints);
  if (!posted.ok) return posted;
  const { id } = posted.value;
  // What it means is the daemon's to say: the notice is counted from when it was written down.
  const list = await ask(context, '/v1/maintenance', maintenanceListSchema);
  const announced = list.ok ? list.value.find((each) => each.id === id) : undefined;
  const meaning = announced === undefined ? [] : rulingLines(announced);
  return ok({
    json: { id, state: 'announced', rulings: announced?.rulings ?? null },
    text: [`Announced as ${id}. Call it off with \`baton maintenance cancel ${id}\`.`, ...meaning].join('\n'),
  });
}

/** Too late is too late: whoever announces sees that before, and not after. Nothing where the daemon does not say what is promised. */
async function meaningIfAnnouncedNow(
  context: VerbContext,
  { from, to, contracts, sites, caller, reason }: AnnounceOptions,
): Promise<readonly string[]> {
  const promises = await ask(context, '/v1/promises', promisesSchema);
  if (!promises.ok) return [];
  const announced = {
    ...{ id: '', from: Date.parse(from), to: Date.parse(to), contracts, sites, by: caller, reason },
    ...{ announcedAt: context.clock.wall(), cancelledAt: null, cancelledBy: null },
  };
  const said = rulings(announced, promises.value.contracts);
  return said.length === 0 ? [] : ['', 'If it is announced now:', ...rulingLines({ rulings: said })];
}

export interface CancelOptions {
  readonly id: string;
  readonly caller: string;
  readonly reason: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export async function maintenanceCancel(context: VerbContext, options: CancelOptions): VerbResult {
  const { id, caller, reason } = options;
  const shown = [
    context.terminal.paint.strong(`Call off the maintenance ${id}`),
    '',
    wrapText('from then on downtime counts; what came before it in its window stays excluded.', '        ', 'Means:  '),
    wrapText(caller, '        ', 'By:     '),
  ].join('\n');
  const agreed = await agree(context, options, shown, 'Call it off?');
  if (agreed !== null) return agreed;
  const posted = await postChange(
    context,
    `/v1/maintenance/${encodeURIComponent(id)}/cancel`,
    { by: caller, reason },
    hints,
  );
  return posted.ok ? ok({ json: { id, state: 'cancelled' }, text: `${id} is called off.` }) : posted;
}

export async function maintenanceList(context: VerbContext): VerbResult {
  const listed = await readMaintenance(context);
  if (!listed.ok) return listed;
  const { source, value } = listed.value;
  return ok({
    json: { source: source.kind, maintenance: value },
    text: sourceNote(source, context.terminal.paint) + renderMaintenance(value, context.clock.wall()),
  });
}

async function readMaintenance(context: VerbContext): Promise<Result<Sourced<readonly ListedAnnouncement[]>, Failure>> {
  return orFromEtcd<readonly ListedAnnouncement[]>(
    context,
    await ask(context, '/v1/maintenance', maintenanceListSchema),
    (snapshot) => {
      const promises = promisesIn(snapshot, context.clock.wall());
      return promises.ok ? ok(listedIn(snapshot, promises.value)) : promises;
    },
  );
}

/** The announcements among the keys of etcd. */
export function announcementsIn(snapshot: Snapshot) {
  return announcementsOf(
    [...snapshot.entries].flatMap(([key, entry]) => {
      const value = key.startsWith(maintenanceKeyPrefix) ? parseRecordValue(entry.value) : null;
      return value === null ? [] : (parseMaintenance({ key, value }) ?? []);
    }),
  );
}

const listedIn = (snapshot: Snapshot, { contracts }: Promises): readonly ListedAnnouncement[] =>
  announcementsIn(snapshot).map((each) => ({ ...each, rulings: rulings(each, contracts) }));

/** The next one last; `now` in ms since the epoch. */
export function renderMaintenance(listed: readonly ListedAnnouncement[], now: number): string {
  if (listed.length === 0) return 'No maintenance is announced.';
  return listed.map((each) => one(each, now)).join('\n\n');
}

function one(announcement: ListedAnnouncement, now: number): string {
  const { id, from, to, by, reason, announcedAt, cancelledAt, cancelledBy, contracts, sites } = announcement;
  const state = cancelledAt !== null ? 'CALLED OFF' : to <= now ? 'over' : from <= now ? 'GOES ON' : 'announced';
  const scope = [...(contracts ?? []), ...(sites ?? [])];
  return [
    `${state.padEnd(12)}${id}`,
    wrapText(
      `${minuteText(from)} to ${minuteText(to)} UTC, for ${scope.length === 0 ? 'everything' : scope.join(', ')}`,
      '    ',
      '    ',
    ),
    wrapText(
      `announced ${minuteText(announcedAt)} UTC by ${by}: ${reason === '' ? 'no reason given' : reason}`,
      '    ',
      '    ',
    ),
    ...(cancelledAt === null
      ? []
      : [wrapText(`called off ${minuteText(cancelledAt)} UTC by ${cancelledBy ?? '?'}`, '    ', '    ')]),
    ...rulingLines(announcement),
  ].join('\n');
}

const rulingLines = ({ rulings: said }: Pick<ListedAnnouncement, 'rulings'>): readonly string[] =>
  said.map(({ contract, excluded, why }) =>
    wrapText(`${contract}: ${why}`, '                  ', `    ${(excluded ? 'excluded' : 'COUNTS').padEnd(14)}`),
  );

const minuteText = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
