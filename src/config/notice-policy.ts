/** Who is told what through which channel: the shared configuration as planning takes it, and what is wrong with it. */
import type { Channel, NoticePolicy } from '../core/sla/notices/channel.ts';
import type { WrittenContract, WrittenSite } from './contract-schema.ts';
import { type ConfigProblem, pathText } from './problem.ts';
import type { Shared } from './shared-schema.ts';

export function noticePolicy({
  notify,
  channels,
  sites,
  contracts,
}: Pick<Shared, 'notify' | 'channels' | 'sites' | 'contracts'>): NoticePolicy {
  return {
    afterMs: notify.after,
    againMs: notify.again,
    channels,
    sites: sites.map((site) => ({
      site: { id: site.id, name: site.name },
      zone: site.zone ?? contracts.find((contract) => contract.sites.includes(site.id))?.timeZone ?? 'UTC',
      channels: site.channels,
    })),
    contracts: contracts.map(({ channels: told, reportChannels, ...contract }) => ({
      contract,
      sites: sites.flatMap(({ id, name }) => (contract.sites.includes(id) ? [{ id, name }] : [])),
      channels: told,
      reportChannels,
    })),
  };
}

/** What only shows when channels and those who are told are seen together. */
export function channelProblems(
  channels: readonly Channel[],
  sites: readonly WrittenSite[],
  contracts: readonly WrittenContract[],
  prefix: readonly string[],
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (path: readonly PropertyKey[], problem: string, mend: string): void => {
    problems.push({ path: pathText([...prefix, ...path]), problem, mend });
  };
  const known = channels.map((channel) => channel.id);
  channels.forEach((channel, index) => {
    if (known.indexOf(channel.id) !== index)
      add(['channels', index, 'id'], `channel ${channel.id} is listed twice`, 'give each channel its own id');
  });
  const named = (whose: 'sites' | 'contracts', index: number, ids: readonly string[], key = 'channels'): void => {
    for (const [position, id] of ids.entries()) {
      const path = [whose, index, key, position];
      if (!known.includes(id))
        add(path, `there is no channel ${id}`, `name one of: ${known.join(', ') || '(none is listed under channels)'}`);
      if (ids.indexOf(id) !== position) add(path, `channel ${id} is named twice`, 'remove one');
    }
  };
  for (const [index, site] of sites.entries()) named('sites', index, site.channels);
  for (const [index, contract] of contracts.entries()) {
    named('contracts', index, contract.channels);
    named('contracts', index, contract.reportChannels ?? [], 'reportChannels');
    for (const [position, id] of (contract.reportChannels ?? []).entries())
      if (channels.some((channel) => channel.id === id && channel.kind === 'alertmanager'))
        add(
          ['contracts', index, 'reportChannels', position],
          `${id} leads to Alertmanager, and a report is no alert`,
          'name one of kind email, webhook or command',
        );
  }
  return problems;
}
