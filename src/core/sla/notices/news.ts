/**
 * What contracts are told besides outages: a month's report, and a downtime budget that is used up too fast. Like every
 * notice it follows from what is on record, so whoever leads next says what is not said.
 */
import { dayMs, type Ms } from '../../units.ts';
import type { BurnWarning } from '../report/burn.ts';
import type { ContractReport } from '../report/contract-report.ts';
import type { Channel, ContractAudience, NoticePolicy } from './channel.ts';
import { burnNotice, reportNotice } from './news-wording.ts';
import { type Notice, type NoticeLoss, type Occasion, threadOf } from './notice.ts';
import type { KnownNotices } from './plan-notices.ts';

export interface News {
  readonly reports: readonly ReportNews[];
  readonly burns: readonly BurnNews[];
}

export interface ReportNews {
  readonly report: ContractReport;
  /** Ms since the epoch. */
  readonly madeAt: number;
}

export interface BurnNews {
  /** Of the episode: the day on which it was seen, and its urgency, like `2008-04-24-page`. */
  readonly id: string;
  readonly warning: BurnWarning;
  /** When it was seen, and as things stood then. */
  readonly from: Standing;
  /** When it had stopped; null while it burns. */
  readonly over: Standing | null;
}

/** How a contract stands in the month of an instant. */
export interface Standing {
  /** Ms since the epoch. */
  readonly at: number;
  /** Whether anything that a user saw saved was lost this month, so far. */
  readonly loss: NoticeLoss;
  /** Downtime that the month allows, and what of it is left; null when nothing was promised. */
  readonly budgetMs: Ms | null;
  readonly leftMs: Ms | null;
}

export const noNews: News = { reports: [], burns: [] };

/** A report that could not be sent for longer is not sent: it is kept, and `baton sla report` shows it. Notices are kept for longer. */
export const reportNewsForMs: Ms = 7 * dayMs;
const burnNewsForMs: Ms = 1 * dayMs;

export interface NewsSituation {
  readonly cluster: string;
  readonly news: News;
  readonly known: KnownNotices;
  readonly nowWall: number;
  /** Where a member answers, like `http://10.1.0.11:8008`. */
  readonly apiUrl: string;
}

/** What ought to be told now and is not in the outbox. */
export function planNews(policy: NoticePolicy, situation: NewsSituation): readonly Notice[] {
  const { news, nowWall } = situation;
  return policy.contracts.flatMap((audience) => {
    const { id, version } = audience.contract;
    // Whoever is named in the newest terms.
    if (policy.contracts.some(({ contract }) => contract.id === id && contract.version > version)) return [];
    const reports = news.reports.filter(
      ({ report, madeAt }) => report.contract === id && nowWall - madeAt < reportNewsForMs,
    );
    const burns = news.burns.filter(
      ({ warning, from, over }) => warning.contract === id && nowWall - (over ?? from).at < burnNewsForMs,
    );
    const told = isTold(audience, situation);
    return [
      ...reports.flatMap(({ report }) =>
        reportChannels(audience, policy).flatMap((channel) =>
          told(channel, `report-${report.month}`, 'report')
            ? []
            : [reportNotice(report, { ...situation, channel, audience })],
        ),
      ),
      ...burns.flatMap((burn) =>
        channelsOf(audience.channels, policy).flatMap((channel) => {
          // One that was over before anybody could be told is one message.
          const occasion = burn.over === null ? 'burning' : 'burning-over';
          return told(channel, `burn-${burn.id}`, occasion)
            ? []
            : [burnNotice(burn, { ...situation, channel, audience })];
        }),
      ),
    ];
  });
}

const isTold =
  ({ contract }: ContractAudience, { known }: NewsSituation) =>
  (channel: Channel, about: string, occasion: Occasion): boolean =>
    known
      .get(threadOf({ incident: null, about, audience: { kind: 'contract', id: contract.id }, channel: channel.id }))
      ?.has({ occasion, n: 0 }) ?? false;

/** A report is to be read: nobody is paged for it, unless the contract says so. It is no alert in any case. */
function reportChannels({ channels, reportChannels: wanted }: ContractAudience, policy: NoticePolicy) {
  const readable = channelsOf(channels, policy).filter(({ kind }) => kind === 'email' || kind === 'webhook');
  return wanted === null ? readable : channelsOf(wanted, policy).filter(({ kind }) => kind !== 'alertmanager');
}

const channelsOf = (ids: readonly string[], { channels }: NoticePolicy): readonly Channel[] =>
  channels.filter(({ id }) => ids.includes(id));
