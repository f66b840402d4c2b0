/** What a notice of a report or of a burning budget says. */
import { availabilityText } from '../accounting/account-text.ts';
import type { ContractReport } from '../report/contract-report.ts';
import { reportHtml } from '../report/report-html.ts';
import { reportMarkdown } from '../report/report-markdown.ts';
import { outcomeText } from '../report/report-facts.ts';
import { listed, printable } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';
import { KiB } from '../../units.ts';
import type { Channel, ContractAudience } from './channel.ts';
import type { BurnNews, Standing } from './news.ts';
import {
  type Notice,
  type NoticeBurn,
  type NoticeDocument,
  type NoticeFacts,
  noticeKey,
  type NoticeLoss,
  type NoticeReport,
  type Occasion,
} from './notice.ts';
import { type FieldTexts, filled, type Template, usualTemplates } from './template.ts';
import { zonedTime } from './zoned-time.ts';

export interface Addressee {
  readonly cluster: string;
  readonly channel: Channel;
  readonly audience: ContractAudience;
  readonly nowWall: number;
  readonly apiUrl: string;
}

export function reportNotice(report: ContractReport, to: Addressee): Notice {
  const { month, contract } = report;
  const [account] = report.accounts.toSorted((one, other) => other.contractVersion - one.contractVersion);
  const target = account?.target ?? null;
  const query = new URLSearchParams({ month, contract });
  const summed: NoticeReport = {
    month,
    provisional: report.provisional,
    outcome: target?.outcome ?? null,
    targetPercent: target?.targetPercent ?? null,
    countedMs: account?.countedMs ?? 0,
    leftMs: target?.leftMs ?? null,
    unmeasuredMs: account?.unmeasuredMs ?? 0,
    creditPercent: target?.creditPercent ?? 0,
    incidents: report.incidents.length + report.leftOut.incidents,
    url: `${to.apiUrl}/v1/reports?${query.toString()}`,
  };
  const summary = [
    account === undefined || target === null
      ? 'No availability was promised'
      : `Availability ${availabilityText(target)}: ${outcomeText(account)}`,
    `${counted(account?.outages ?? 0, 'outage')} ${account?.outages === 1 ? 'counts' : 'count'}, ${durationText(account?.countedMs ?? 0)} in all`,
    incidentsText(report, summed.incidents),
  ].map((sentence) => `${sentence}.`);
  return newsNotice(`report-${month}`, 'report', to, {
    loss: lossOf(report),
    summary: summary.join(' '),
    month,
    report: `The whole of it: baton sla report --month ${month} --contract ${contract} --format html, or ${summed.url}`,
    facts: { report: summed },
  });
}

function incidentsText({ incidents }: ContractReport, all: number): string {
  const breached = incidents.filter(({ outcome }) => outcome === 'breached').length;
  if (all === 0) return 'No incident is on record';
  const what = `${counted(all, 'incident')} ${all === 1 ? 'is' : 'are'} on record`;
  return `${what}; ${breached === 0 ? 'none' : breached} breached the contract`;
}

export function burnNotice({ id, warning, from, over }: BurnNews, to: Addressee): Notice {
  const { severity, burnRate, longMs } = warning;
  const now = over ?? from;
  const burn: NoticeBurn = {
    ...{ severity, burnRate, longMs, burningFrom: rfc3339(from.at) },
    ...{ burningUntil: over === null ? null : rfc3339(over.at), budgetMs: now.budgetMs, leftMs: now.leftMs },
  };
  const { timeZone } = to.audience.contract;
  const summary =
    over === null
      ? `${warning.says.charAt(0).toUpperCase()}${warning.says.slice(1)}.`
      : `The downtime budget of ${warning.contract} was used up too fast from ${zonedTime(from.at, timeZone)} until ${zonedTime(over.at, timeZone)}.`;
  return newsNotice(`burn-${id}`, over === null ? 'burning' : 'burning-over', to, {
    loss: now.loss,
    summary: `${summary}${leftText(now)}`,
    month: '',
    report: '',
    facts: { burn },
  });
}

function leftText({ budgetMs, leftMs }: Standing): string {
  if (budgetMs === null || leftMs === null) return '';
  return leftMs < 0
    ? ` This month's ${durationText(budgetMs)} are exceeded by ${durationText(-leftMs)}.`
    : ` Of this month's ${durationText(budgetMs)} there are ${durationText(leftMs)} left.`;
}

/** What each incident lost is in the report. */
export const lossOf = ({ loss: says, lost }: ContractReport): NoticeLoss => ({
  lost: lost?.lost ?? 'not-known',
  bytesMax: lost?.bytesMax ?? null,
  timeMsMax: lost?.lost === 'nothing' ? 0 : null,
  says,
});

interface Said extends Pick<FieldTexts, 'summary' | 'month' | 'report'> {
  readonly loss: NoticeLoss;
  readonly facts: Pick<NoticeFacts, 'report' | 'burn'>;
}

function newsNotice(about: string, occasion: Occasion, to: Addressee, said: Said): Notice {
  const { cluster, channel, nowWall } = to;
  const { contract, sites } = to.audience;
  const audience = { kind: 'contract', id: contract.id, name: contract.customer } as const;
  const identity = { incident: null, about, audience, occasion, n: 0, channel: channel.id };
  const template: Template = { ...usualTemplates[occasion], ...channel.templates[occasion] };
  const fields: FieldTexts = {
    ...{ cluster, audience: contract.customer, sites: listed(sites.map(({ name }) => name)), incident: '' },
    ...{ from: '', until: '', now: zonedTime(nowWall, contract.timeZone), lasted: '', again: '' },
    ...{
      loss: said.loss.says,
      contract: '',
      redundancy: '',
      planned: '',
      month: said.month,
      report: said.report,
      summary: said.summary,
    },
  };
  return {
    key: noticeKey(identity),
    cluster,
    ...identity,
    at: rfc3339(nowWall),
    subject: printable(filled(template.subject, fields).replaceAll('\n', ' ')),
    text: filled(template.text, fields).split('\n').map(printable).join('\n'),
    facts: {
      ...{ kind: null, downFrom: null, downUntil: null, outageMs: null, over: true, redundant: null, announced: false },
      loss: said.loss,
      sites,
      contract: null,
      ...said.facts,
    },
  };
}

/** More than this no mail system should be asked to carry; a report is a tenth of it. */
const documentLengthMax = 512 * KiB;

/** What a mail carries besides its text. Empty when it would be too large: the text says where the report is. */
export function reportDocuments(report: ContractReport): readonly NoticeDocument[] {
  const name = `${report.cluster}-${report.contract}-${report.month}`;
  const documents: readonly NoticeDocument[] = [
    { name: `${name}.html`, mediaType: 'text/html', text: reportHtml([report]) },
    { name: `${name}.md`, mediaType: 'text/markdown', text: reportMarkdown(report) },
  ];
  return documents.every(({ text }) => text.length <= documentLengthMax) ? documents : [];
}

const counted = (count: number, what: string): string =>
  `${count === 0 ? 'No' : count} ${count === 1 ? what : `${what}s`}`;
const rfc3339 = (at: number): string => new Date(at).toISOString();
