/** Which notices ought to exist now and do not. Pure: two members that see the same plan the same, under the same keys. */
import type { IncidentTail } from '../evidence/diverged-tail.ts';
import type { Incident } from '../incident.ts';
import type { Announcement } from '../maintenance/announcement.ts';
import { runningBreaches } from '../running.ts';
import type { Channel, NoticePolicy } from './channel.ts';
import { type Audience, type Notice, type NoticeHead, threadOf } from './notice.ts';
import { type Due, dueOccasions, type Judgement, type Told } from './occasions.ts';
import { type Outage, outagesOf, unaffected } from './outage.ts';
import { noticeOf } from './wording.ts';

export interface Situation {
  readonly cluster: string;
  readonly incidents: readonly Incident[];
  /** Whether a member's daemon is there. */
  readonly isPresent: (member: string) => boolean;
  readonly known: KnownNotices;
  readonly nowWall: number;
  /** What a contract lets pass breaches nothing. Left out: nothing is announced. */
  readonly maintenance?: readonly Announcement[];
  /** What the old primary alone had. Left out: nobody has found it. */
  readonly tailOf?: (incident: Incident) => IncidentTail | null;
}

/** Every notice that exists, by thread. */
export type KnownNotices = ReadonlyMap<string, Told>;

export function knownNotices(heads: Iterable<NoticeHead>): KnownNotices {
  const threads = new Map<string, { planned: Map<string, number>; newestWall: number }>();
  for (const head of heads) {
    const thread = threads.get(threadOf(head)) ?? { planned: new Map(), newestWall: 0 };
    thread.planned.set(dueText(head), Date.parse(head.at));
    thread.newestWall = Math.max(thread.newestWall, Date.parse(head.at));
    threads.set(threadOf(head), thread);
  }
  return new Map(
    [...threads].map(([thread, { planned, newestWall }]): readonly [string, Told] => [
      thread,
      {
        has: (due) => planned.has(dueText(due)),
        plannedWall: (due) => planned.get(dueText(due)) ?? null,
        newestWall,
      },
    ]),
  );
}

const dueText = ({ occasion, n }: Due): string => `${occasion}/${n}`;
const nothingTold: Told = { has: () => false, plannedWall: () => null, newestWall: null };

export function planNotices(policy: NoticePolicy, situation: Situation): readonly Notice[] {
  return outagesOf(situation.incidents, situation.isPresent, situation.nowWall).flatMap((outage) =>
    audiencesOf(outage, policy, situation).flatMap((audience) =>
      audience.channels.flatMap((channel) => noticesFor(outage, audience, channel, policy, situation)),
    ),
  );
}

interface Addressed {
  readonly audience: Audience;
  readonly zone: string;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly judgement: Judgement | null;
  readonly channels: readonly Channel[];
}

function audiencesOf(
  { incident }: Outage,
  policy: NoticePolicy,
  { nowWall, maintenance = [] }: Situation,
): readonly Addressed[] {
  const channelsOf = (ids: readonly string[]): readonly Channel[] =>
    policy.channels.filter(({ id }) => ids.includes(id));
  const affected = incident.affectedSites.map(({ id, name }) => ({ id, name }));
  const nobody = unaffected(incident);
  const sites = policy.sites.flatMap(({ site, zone, channels }): readonly Addressed[] => {
    const own = nobody ? [{ id: site.id, name: site.name }] : affected.filter(({ id }) => id === site.id);
    if (own.length === 0) return [];
    const audience = { kind: 'site', id: site.id, name: site.name } as const;
    return [{ audience, zone, sites: own, judgement: null, channels: channelsOf(channels) }];
  });
  const promises = {
    sites: policy.sites.map(({ site }) => site),
    contracts: policy.contracts.map(({ contract }) => contract),
    maintenance,
  };
  const running = runningBreaches(incident, promises, nowWall);
  const contracts = policy.contracts.flatMap(({ contract, channels }): readonly Addressed[] => {
    const verdict = incident.verdicts.find((each) => each.contract === contract.id);
    if (verdict === undefined || verdict.contractVersion !== contract.version) return [];
    const audience = { kind: 'contract', id: contract.id, name: contract.customer } as const;
    const own = affected.filter(({ id }) => verdict.sites.includes(id));
    const judgement = { verdict, running: running.find((each) => each.contract === contract.id) ?? null };
    return [{ audience, zone: contract.timeZone, sites: own, judgement, channels: channelsOf(channels) }];
  });
  return [...sites, ...contracts];
}

function noticesFor(
  outage: Outage,
  addressed: Addressed,
  channel: Channel,
  policy: NoticePolicy,
  { cluster, known, nowWall, tailOf = () => null }: Situation,
): readonly Notice[] {
  const { audience, zone, sites, judgement } = addressed;
  const told = known.get(threadOf({ incident: outage.incident.id, audience, channel: channel.id })) ?? nothingTold;
  const announced = told.has({ occasion: 'started', n: 0 });
  const breachTold = told.has({ occasion: 'breached', n: 0 });
  if (unaffected(outage.incident) && !announced) return [];
  const tail = tailOf(outage.incident);
  return dueOccasions(outage, judgement, policy, told, nowWall, tail).map((due) =>
    noticeOf(
      outage,
      due,
      { cluster, channel, audience, zone, sites, judgement, againMs: policy.againMs, announced, breachTold, tail },
      nowWall,
    ),
  );
}
