/** The account of a quiet minute, for a terminal; as Markdown it is the same text between fences. */
import { renderTable } from '../../../src/cli/table.ts';
import { thousands } from '../../../src/core/sla/text-layout.ts';
import { MiB } from '../../../src/core/units.ts';
import type { EtcdCost, Judged, MemberCost } from './account.ts';

const mib = (bytes: number): string => (bytes / MiB).toFixed(1);
const percent = (share: number): string => (share * 100).toFixed(2);
const right = (head: string) => ({ head, align: 'right' }) as const;

export function costText(members: readonly MemberCost[], etcd: EtcdCost, judged: readonly Judged[]): string {
  const processRows = members.flatMap(({ name, leads, processes }) =>
    processes.map(({ part, rssBytes, pssBytes, anonymousBytes, coreShare, wakesPerSecond }) => [
      `${part} of ${name}${leads ? ' (leads)' : ''}`,
      ...[mib(rssBytes), mib(pssBytes), mib(anonymousBytes), percent(coreShare), wakesPerSecond.toFixed(0)],
    ]),
  );
  const memberRows = members.map(({ name, aloneBytes, coreShare, logBytesPerHour, journalBytesPerHour }) => [
    name,
    ...[mib(aloneBytes), percent(coreShare), thousands(logBytesPerHour), thousands(journalBytesPerHour)],
  ]);
  const requests = Object.entries(etcd.requestsPerSecond)
    .toSorted(([, a], [, b]) => b - a)
    .map(([method, perSecond]) => [method, perSecond.toFixed(2)]);
  const written = etcd.written.map(({ key, writes }) => [
    key,
    String(writes),
    etcd.unasked.some((one) => one.key === key) ? 'NOBODY ASKED FOR THEM' : '',
  ]);
  return [
    renderTable(
      [{ head: 'process' }, ...['RSS MiB', 'PSS MiB', 'own MiB', '% of a core', 'wakes/s'].map(right)],
      processRows,
    ),
    '',
    renderTable(
      [{ head: 'both, on a host of their own' }, ...['MiB', '% of a core', 'log B/h', 'journal B/h'].map(right)],
      memberRows,
    ),
    '',
    renderTable([{ head: 'etcd, all members' }, right('requests/s')], requests),
    `lease renewals: ${etcd.renewalsPerSecond.toFixed(1)} a second; writes: ${etcd.writesPerSecond.toFixed(2)} a second; % of a core of each: ${etcd.coreShares.map(percent).join(', ')}`,
    '',
    renderTable([{ head: 'written' }, right('times'), { head: '' }], written),
    '',
    ...judged.map(({ says, kept }) => `${kept ? 'kept  ' : 'MISSED'}  ${says}`),
  ].join('\n');
}
