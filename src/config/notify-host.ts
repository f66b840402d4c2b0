/** What this host has for telling people, and what it lacks. A lack stops nothing: another member may have it. */
import { absurd, err, ok, type Result } from '../core/result.ts';
import type { Channel } from '../core/sla/notices/channel.ts';
import type { ConfigProblem } from './problem.ts';
import type { BatonConfig } from './schema.ts';
import { readSecretFile } from './secret-file.ts';

/** Each secret that the file names, or why it cannot be read, with what mends it. */
export type NamedSecrets = ReadonlyMap<string, Result<string, string>>;

/** `owners`: the users that may own the files. */
export async function readNotifySecrets(
  { secrets }: Pick<BatonConfig['notify'], 'secrets'>,
  owners: readonly number[],
): Promise<NamedSecrets> {
  const read = await Promise.all(
    Object.entries(secrets).map(async ([name, path]): Promise<[string, Result<string, string>]> => {
      const secret = await readSecretFile(path, owners);
      return [name, secret.ok ? ok(secret.value) : err(`${secret.error.problem} (${secret.error.mend})`)];
    }),
  );
  return new Map(read);
}

/** Of the channels in this file; once the cluster is made those in etcd count, and the daemon's log names what they lack. */
export function notifyWarnings(
  config: Pick<BatonConfig, 'notify'> & { readonly shared: Pick<BatonConfig['shared'], 'channels'> },
  secrets: NamedSecrets,
): readonly ConfigProblem[] {
  const { notify, shared } = config;
  const unread = [...secrets].flatMap(([name, secret]) =>
    secret.ok
      ? []
      : [
          {
            path: `notify.secrets.${name}`,
            problem: secret.error,
            mend: 'messages that need it wait for another member',
          },
        ],
  );
  const lacks = (section: 'secrets' | 'commands', name: string | null, channel: string): readonly ConfigProblem[] =>
    name === null || Object.hasOwn(notify[section], name)
      ? []
      : [
          {
            path: `notify.${section}`,
            problem: `has no ${name}, which channel ${channel} names: this host delivers nothing through it`,
            mend: section === 'secrets' ? `add ${name}: /path/to/its/file` : `add ${name}: [/path/to/program]`,
          },
        ];
  const lackingFor = (channel: Channel): readonly ConfigProblem[] => {
    switch (channel.kind) {
      case 'webhook':
        return lacks('secrets', channel.secret, channel.id);
      case 'alertmanager':
        return lacks('secrets', channel.token, channel.id);
      case 'command':
        return lacks('commands', channel.run, channel.id);
      case 'email': {
        const server = channel.smtp ?? notify.smtp ?? null;
        if (server !== null) return lacks('secrets', server.secret, channel.id);
        const problem = `is missing, and channel ${channel.id} names no relay: this host delivers nothing through it`;
        return [{ path: 'notify.smtp', problem, mend: 'add it: {host: mail.example.org}' }];
      }
      default:
        return absurd(channel);
    }
  };
  return [...unread, ...shared.channels.flatMap(lackingFor)];
}
