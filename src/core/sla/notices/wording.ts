/** What a notice says, for one audience: sentences for its gaps and facts for machines. */
import { absurd } from '../../result.ts';
import type { Ms } from '../../units.ts';
import { type Breach, type Incident, isHandOver, type Loss, type Measure, type Verdict } from '../incident.ts';
import type { RunningBreach } from '../running.ts';
import type { IncidentTail } from '../evidence/diverged-tail.ts';
import { isNothing, lostOrNot, plainLossSentence } from '../loss-sentence.ts';
import { bytesText, listed, printable } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';
import type { Channel } from './channel.ts';
import type { Due, Judgement } from './occasions.ts';
import {
  type Audience,
  type Notice,
  type NoticeContract,
  type NoticeFacts,
  type NoticeLoss,
  noticeKey,
} from './notice.ts';
import { type Outage, unaffected } from './outage.ts';
import { type FieldTexts, filled, type Template, usualTemplates } from './template.ts';
import { zonedTime } from './zoned-time.ts';

/** One audience of one outage, as it is told through one channel. */
export interface Telling {
  readonly cluster: string;
  readonly channel: Channel;
  readonly audience: Audience;
  readonly zone: string;
  /** Affected sites that the audience is responsible for. */
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly judgement: Judgement | null;
  readonly againMs: Ms;
  /** A `started` went before it. */
  readonly announced: boolean;
  /** A `breached` went before it. */
  readonly breachTold: boolean;
  /** What the old primary alone had; null while nobody has found it. */
  readonly tail: IncidentTail | null;
}

export function noticeOf(outage: Outage, due: Due, telling: Telling, nowWall: number): Notice {
  const { cluster, channel, audience } = telling;
  const facts = factsOf(outage, telling, nowWall);
  const identity = { incident: outage.incident.id, audience, ...due, channel: channel.id };
  const template: Template = { ...usualTemplates[due.occasion], ...channel.templates[due.occasion] };
  const fields = fieldsOf(outage, facts, telling, nowWall);
  return {
    key: noticeKey(identity),
    cluster,
    ...identity,
    at: new Date(nowWall).toISOString(),
    subject: printable(filled(template.subject, fields).replaceAll('\n', ' ')),
    text: filled(template.text, fields).split('\n').map(printable).join('\n'),
    facts,
  };
}

const nothingKnownOfContract: Judgement = { verdict: null, running: null };

function factsOf(outage: Outage, telling: Telling, nowWall: number): NoticeFacts {
  const { incident, fromWall } = outage;
  const { instants, state } = incident;
  const over = outage.phase === 'over';
  const untilWall = over ? outage.untilWall : null;
  const protectedAgain = instants.t8 !== null;
  return {
    kind: incident.kind,
    downFrom: new Date(fromWall).toISOString(),
    downUntil: untilWall === null ? null : new Date(untilWall).toISOString(),
    outageMs: over ? outage.lastedMs : Math.max(0, nowWall - fromWall),
    over,
    redundant: protectedAgain ? true : over && state === 'open' ? false : null,
    announced: telling.announced,
    ...(telling.breachTold ? { breachTold: true } : {}),
    loss: lossOf(incident.loss, over, telling.tail),
    sites: telling.sites,
    contract: telling.audience.kind === 'contract' ? contractOf(telling, over) : null,
  };
}

function fieldsOf(outage: Outage, facts: NoticeFacts, telling: Telling, nowWall: number): FieldTexts {
  const { cluster, audience, zone, sites, againMs } = telling;
  const until = outage.phase === 'over' ? outage.untilWall : null;
  return {
    cluster,
    audience: audience.name,
    sites: listed(sites.map(({ name }) => name)),
    incident: outage.incident.id,
    from: zonedTime(outage.fromWall, zone),
    until: until === null ? 'a moment that nobody measured' : zonedTime(until, zone),
    now: zonedTime(nowWall, zone),
    lasted: lastedText(outage, facts),
    again: durationText(againMs),
    loss: facts.loss.says,
    contract: facts.contract?.says ?? '',
    redundancy: redundancyText(facts.redundant),
    planned: plannedText(outage.incident),
    ...noNews,
  };
}

/** Gaps that messages about reports and budgets fill. */
const noNews = { month: '', report: '', summary: '' };

function lastedText({ incident }: Outage, { outageMs, over }: NoticeFacts): string {
  if (over && unaffected(incident)) return '0 ms, because no write failed';
  return outageMs === null ? 'a time that nobody measured' : spokenDuration(outageMs, over);
}

/** While it lasts nobody needs milliseconds. */
const spokenDuration = (duration: Ms, over: boolean): string =>
  durationText(over ? duration : Math.floor(duration / 1_000) * 1_000);

/** Whoever reads it at night need not wonder what failed. */
function plannedText({ kind }: Incident): string {
  if (kind === 'drill') return 'It was a drill: another server took over as planned, to prove that it can.';
  return isHandOver(kind) ? 'Nothing had failed: another server took over because somebody asked for it.' : '';
}

function redundancyText(redundant: boolean | null): string {
  if (redundant === null) return '';
  return redundant
    ? 'Every change is kept on two servers again: one more failure would be survived.'
    : 'The service is not protected yet: until the second server has caught up, one more failure would be an outage.';
}

function lossOf(loss: Loss, over: boolean, tail: IncidentTail | null): NoticeLoss {
  const says = plainLossSentence(loss, over, tail);
  const lost = lostOrNot(loss, tail);
  const { bytesMax, timeMsMax } = loss;
  const bounds = isNothing(loss) ? { bytesMax: 0, timeMsMax: 0 } : { bytesMax, timeMsMax };
  return { lost, ...bounds, says, ...(tail === null || isNothing(loss) ? {} : { tail }) };
}

function contractOf({ audience, judgement }: Telling, over: boolean): NoticeContract {
  const { verdict, running } = judgement ?? nothingKnownOfContract;
  const outcome = verdict?.outcome.kind ?? 'unmeasured';
  const beyond = running !== null && running.inMs !== null && running.inMs < 0;
  return {
    id: audience.id,
    version: verdict?.contractVersion ?? 0,
    customer: audience.name,
    outcome: beyond ? 'breached' : outcome,
    says: `${verdictText(audience, verdict, running, over)}.`,
  };
}

function verdictText(
  audience: Audience,
  verdict: Verdict | null,
  running: RunningBreach | null,
  over: boolean,
): string {
  const which = `The contract ${audience.id} with ${audience.name}`;
  if (verdict?.outcome.kind === 'breached')
    return `${which} is breached: ${listed(verdict.outcome.breaches.map((breach) => breachText(breach, verdict.measures)))}`;
  if (!over && running !== null) {
    const limit = durationText(running.limitMs);
    if (running.inMs === null) return `${which} allows ${limit}, and none of it is used up outside service hours`;
    return running.inMs < 0
      ? `${which} is breached: it allows an outage of ${limit} in service hours`
      : `${which} allows ${limit}: it is breached in ${spokenDuration(running.inMs, false)} unless service is back before`;
  }
  switch (verdict?.outcome.kind) {
    case 'met':
      return `${which} was kept`;
    case 'excluded':
      return `${which} does not count it: ${verdict.outcome.why}`;
    default:
      return `${which} cannot be judged yet`;
  }
}

function breachText(breach: Breach, measures: readonly Measure[]): string {
  if ('byBytes' in breach) {
    const limit = measures.find((measure) => measure.of === 'rpo-bytes');
    return `${bytesText(breach.byBytes)} more may be lost than the ${limit?.of === 'rpo-bytes' ? bytesText(limit.limitBytes) : 'limit'} allowed`;
  }
  const by = durationText(breach.byMs);
  const limitOf = (of: 'rto' | 'rpo-time' | 'detection'): string => {
    const measure = measures.find((each) => each.of === of);
    return measure === undefined || measure.of === 'rpo-bytes' ? 'limit' : durationText(measure.limitMs);
  };
  switch (breach.of) {
    case 'rto':
      return `the outage was ${by} longer than the ${limitOf('rto')} allowed`;
    case 'rpo':
      return `losses may reach ${by} further back than the ${limitOf('rpo-time')} allowed`;
    case 'detection':
      return `it was noticed ${by} later than the ${limitOf('detection')} allowed`;
    default:
      return absurd(breach);
  }
}

/** By a member that can ask nobody: what it does not know it cannot say. */
export const toldAlone = (notice: Notice, member: string): Notice => ({
  ...notice,
  text: `${notice.text}\n${member} tells this by itself, because etcd does not answer: other members may know more.`,
});

/** A message that says only that messages arrive. */
export function testNotice(cluster: string, channel: Channel, tester: string, nowWall: number): Notice {
  const at = new Date(nowWall).toISOString();
  const audience: Audience = { kind: 'channel', id: channel.id, name: channel.id };
  const says = 'This is a test: nothing is down, and nothing that a user saw saved was lost.';
  const template: Template = { ...usualTemplates.test, ...channel.templates.test };
  const empty = {
    sites: '',
    incident: '',
    from: '',
    until: '',
    lasted: '',
    again: '',
    contract: '',
    redundancy: '',
    planned: '',
  };
  const none = { ...empty, ...noNews };
  const fields: FieldTexts = { ...none, cluster, audience: channel.id, now: zonedTime(nowWall, 'UTC'), loss: says };
  return {
    key: `test/${tester}/${at}/${channel.id}`,
    cluster,
    channel: channel.id,
    occasion: 'test',
    n: 0,
    audience,
    incident: null,
    at,
    subject: printable(filled(template.subject, fields)),
    text: filled(template.text, fields),
    facts: {
      kind: null,
      downFrom: null,
      downUntil: null,
      outageMs: null,
      over: true,
      redundant: null,
      announced: false,
      loss: { lost: 'nothing', bytesMax: 0, timeMsMax: 0, says },
      sites: [],
      contract: null,
    },
  };
}
