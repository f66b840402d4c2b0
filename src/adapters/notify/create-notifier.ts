/** The notifier of one host: its secrets, its commands and its mail relay behind the port. */
import { absurd, err, type Result } from '../../core/result.ts';
import type { Channel, SmtpServer } from '../../core/sla/notices/channel.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import type { DeliveryProblem } from '../../core/sla/notices/outbox.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Delivery, Notifier } from '../../ports/notifier.ts';
import { postAlerts } from './alertmanager.ts';
import { runCommand } from './command.ts';
import { sendMail } from './email.ts';
import { postWebhook } from './webhook.ts';

export interface NotifierOptions {
  readonly clock: Pick<Clock, 'wall'>;
  /** What each secret that this host names is, or why it cannot be read. */
  readonly secrets: ReadonlyMap<string, Result<string, string>>;
  readonly commands: Readonly<Record<string, readonly string[]>>;
  /** The relay of channels that name none. */
  readonly smtp: SmtpServer | null;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const obstacle = (channel: Channel): string | null => missing(channel, options);
  return {
    obstacle,
    deliver: (channel, notice, signal) => {
      const problem = obstacle(channel);
      return problem === null
        ? deliver(channel, notice, signal, options)
        : Promise.resolve(err({ kind: 'lasting', problem }));
    },
  };
}

function missing(channel: Channel, { secrets, commands, smtp }: NotifierOptions): string | null {
  const secret = (name: string | null): string | null => {
    if (name === null) return null;
    const found = secrets.get(name);
    if (found === undefined) return `this host has no secret ${name}: add it to notify.secrets and restart batond`;
    return found.ok ? null : `the secret ${name} of this host: ${found.error}; mend it and restart batond`;
  };
  switch (channel.kind) {
    case 'webhook':
      return secret(channel.secret);
    case 'alertmanager':
      return secret(channel.token);
    case 'email': {
      const server = channel.smtp ?? smtp;
      return server === null
        ? `this host has no mail relay and ${channel.id} names none: add notify.smtp and restart batond`
        : secret(server.secret);
    }
    case 'command':
      return commands[channel.run] === undefined
        ? `this host has no command ${channel.run}: add it to notify.commands and restart batond`
        : null;
    default:
      return absurd(channel);
  }
}

/** Nothing is missing. */
function deliver(
  channel: Channel,
  notice: Notice,
  signal: AbortSignal,
  { clock, secrets, commands, smtp }: NotifierOptions,
): Promise<Result<Delivery, DeliveryProblem>> {
  const secret = (name: string | null): string | null => {
    const found = name === null ? undefined : secrets.get(name);
    return found?.ok === true ? found.value : null;
  };
  switch (channel.kind) {
    case 'webhook':
      return postWebhook(channel.url, notice, secret(channel.secret), clock.wall(), signal);
    case 'alertmanager':
      return postAlerts(channel, notice, secret(channel.token), clock.wall(), signal);
    case 'email': {
      const server = channel.smtp ?? smtp;
      if (server === null) throw new Error(`no mail relay for ${channel.id}`);
      return sendMail(channel, server, notice, secret(server.secret), signal);
    }
    case 'command':
      return runCommand(commands[channel.run] ?? [], notice, signal);
    default:
      return absurd(channel);
  }
}
