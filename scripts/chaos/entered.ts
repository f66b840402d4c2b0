import type { Command } from '../rig/place.ts';
import type { HostGroup } from './host-group.ts';
import { namespaceFile } from './network.ts';

/** The command as it is to be run so that it runs on that host. Root needs nothing else; another user has every capability inside and must not hand them on. */
export function entered(host: string, group: HostGroup | null, command: Command): Command {
  const there: Command = ['nsenter', `--net=${namespaceFile(host)}`, '--'];
  const dropped = process.getuid?.() === 0 ? [] : ['setpriv', '--ambient-caps=-all', '--inh-caps=-all', '--'];
  const whole: Command = [...there, ...dropped, ...command];
  return group === null ? whole : group.joining(whole);
}
