/** Reports and burning budgets: who is told, once, and in which words. */
import { describe, expect, test } from 'vitest';
import type { Channel, NoticePolicy } from '../../../../src/core/sla/notices/channel.ts';
import { alertsOf, cloudEvent } from '../../../../src/core/sla/notices/envelopes.ts';
import { type News, noNews, planNews } from '../../../../src/core/sla/notices/news.ts';
import { reportDocuments } from '../../../../src/core/sla/notices/news-wording.ts';
import type { Notice } from '../../../../src/core/sla/notices/notice.ts';
import { newEntry } from '../../../../src/core/sla/notices/outbox.ts';
import { knownNotices } from '../../../../src/core/sla/notices/plan-notices.ts';
import { dayMs, KiB, minute } from '../../../../src/core/units.ts';
import { formatEntry, parseEntry } from '../../../../src/wire/outbox.ts';
import { april, contract, outage } from '../accounting/hospital-2008.ts';
import { sites } from '../facts.ts';
import { aBurn, aReportNews } from './a-news.ts';
import { aPolicy, hook, mail } from './stories.ts';

const alerts: Channel = {
  ...{ id: 'alerts', kind: 'alertmanager', url: 'http://127.0.0.1:1', token: null, labels: {}, templates: {} },
};
const page: Channel = { id: 'page', kind: 'command', run: 'page', templates: {} };

const policyFor = (reportChannels: readonly string[] | null = null, version = 1): NoticePolicy =>
  aPolicy({
    sites: [],
    channels: [hook, mail, alerts, page],
    contracts: [
      {
        contract: { ...contract, version },
        sites,
        channels: ['hook', 'mail', 'alerts', 'page'],
        reportChannels,
      },
    ],
  });
const policy = policyFor();

const plan = (news: News, known: readonly Notice[] = [], nowWall = april.to + minute, told = policy) =>
  planNews(told, { cluster: 'domain-1', news, known: knownNotices(known), nowWall, apiUrl: 'http://10.1.0.11:8008' });
const reports: News = { ...noNews, reports: [aReportNews(policy, april.to, '2008-04')] };
const during = outage.from + 2 * minute;
const burning: News = { ...noNews, burns: [aBurn(contract)] };
const burnt: News = { ...noNews, burns: [aBurn(contract, outage.to)] };
const channelsOf = (notices: readonly Notice[]) => notices.map(({ occasion, channel }) => `${occasion} ${channel}`);
const asMail = ({ subject, text }: Notice): string => `Subject: ${subject}\n\n${text}\n`;

describe("a month's report", () => {
  test('goes through what is made for reading: nobody is paged, and it is no alert', () => {
    expect(channelsOf(plan(reports))).toEqual(['report hook', 'report mail']);
    expect(channelsOf(plan(reports, [], april.to, policyFor(['page'])))).toEqual(['report page']);
    expect(channelsOf(plan(reports, [], april.to, policyFor([])))).toEqual([]);
  });

  test('is told once, whoever looks, and not at all once it is old', () => {
    expect(plan(reports, plan(reports))).toEqual([]);
    expect(plan(reports, [], april.to + 7 * dayMs)).toEqual([]);
  });

  test('is told to whoever the newest terms name', () => {
    const [old, next] = [policyFor(), policyFor(['mail'], 2)];
    const both = { ...old, contracts: [...old.contracts, ...next.contracts] };
    expect(channelsOf(plan(reports, [], april.to, both))).toEqual(['report mail']);
  });

  test('reads well, and says what was lost', async () => {
    const [notice] = plan(reports);
    await expect(asMail(notice as Notice)).toMatchFileSnapshot('golden/report.txt');
    expect(notice?.text).toContain(notice?.facts.loss.says);
    await expect(`${JSON.stringify(cloudEvent(notice as Notice), null, 2)}\n`).toMatchFileSnapshot(
      'golden/report.cloudevent.json',
    );
  });

  test('survives the outbox', () => {
    const [notice] = plan(reports);
    const entry = newEntry(notice as Notice);
    expect(parseEntry(formatEntry(entry))).toEqual(entry);
  });

  test('carries itself as a page and as text, of bounded size', () => {
    const [{ report } = aReportNews(policy, 0)] = reports.reports;
    const documents = reportDocuments(report);
    expect(documents.map(({ mediaType }) => mediaType)).toEqual(['text/html', 'text/markdown']);
    for (const { text } of documents) expect(text).toContain('2008-04');
    const huge = { ...report, sites: [{ id: 'x', name: 'x'.repeat(600 * KiB) }] };
    expect(reportDocuments(huge)).toEqual([]);
  });
});

describe('a budget that burns', () => {
  test('is told through every channel of the contract, once, and so is its end', () => {
    const first = plan(burning, [], during);
    expect(channelsOf(first)).toEqual(['burning hook', 'burning mail', 'burning alerts', 'burning page']);
    expect(plan(burning, first, during + minute)).toEqual([]);
    const end = plan(burnt, first, outage.to + minute);
    expect(channelsOf(end)).toEqual(['hook', 'mail', 'alerts', 'page'].map((channel) => `burning-over ${channel}`));
    expect(plan(burnt, [...first, ...end], outage.to + minute)).toEqual([]);
  });

  test('that had stopped before anybody could be told is one message', () => {
    expect(channelsOf(plan(burnt, [], outage.to + minute))).not.toContain('burning mail');
    expect(plan(burnt, [], outage.to + 2 * dayMs)).toEqual([]);
  });

  test('fires in Alertmanager until it has stopped', () => {
    const alertOf = (news: News, now: number) =>
      plan(news, [], now).flatMap((notice) => (notice.channel === 'alerts' ? alertsOf(notice, {}, now) : []));
    const [firing] = alertOf(burning, during);
    const [resolved] = alertOf(burnt, outage.to + minute);
    expect(firing?.labels).toEqual({
      ...{ alertname: 'BatonBudgetBurning', severity: 'critical', cluster: 'domain-1', contract: contract.id },
    });
    expect(resolved?.labels).toEqual(firing?.labels);
    expect(Date.parse(firing?.endsAt ?? '')).toBeGreaterThan(during + dayMs);
    expect(resolved?.endsAt).toBe(new Date(outage.to).toISOString());
  });

  test('reads well', async () => {
    const [begins] = plan(burning, [], during);
    const [ends] = plan(burnt, [], outage.to + minute);
    await expect(asMail(begins as Notice)).toMatchFileSnapshot('golden/burning.txt');
    await expect(asMail(ends as Notice)).toMatchFileSnapshot('golden/burning-over.txt');
    const entry = newEntry(ends as Notice);
    expect(parseEntry(formatEntry(entry))).toEqual(entry);
  });
});
