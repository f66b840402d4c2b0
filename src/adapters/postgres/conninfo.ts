/** libpq connection strings, which hold no password: that is in the file they name. */
import type { MemberName } from '../../core/units.ts';
import type { CopyName } from '../../core/postgres-view.ts';
import type { Endpoint, Upstream } from '../../ports/postgres.ts';

export function conninfo(options: Readonly<Record<string, string | number>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${quoted(String(value))}`)
    .join(' ');
}

/** A connection must not hang for longer than the stream may be silent. */
export const dialing = (endpoint: Endpoint): Readonly<Record<string, string | number>> => ({
  host: endpoint.host,
  port: endpoint.port,
  connect_timeout: 2,
  keepalives: 1,
  keepalives_idle: 2,
  keepalives_interval: 1,
  keepalives_count: 3,
  tcp_user_timeout: 5_000,
});

/**
 * What a standby streams by. Which member is at the other end travels inside the string, so that it always belongs to
 * what PostgreSQL applies: in fallback_application_name, which nobody reads while there is an application_name.
 */
export function primaryConninfo(upstream: Upstream, username: string, passFile: string, copy: CopyName): string {
  return conninfo({
    ...dialing(upstream),
    user: username,
    passfile: passFile,
    sslmode: 'prefer',
    application_name: copy,
    fallback_application_name: `${followsPrefix}${upstream.member}`,
  });
}

/** The member that a primary_conninfo of Baton's names; null when it is empty or somebody else's. */
export function followedBy(primaryConninfo: string): MemberName | null {
  const match = new RegExp(`fallback_application_name='?${followsPrefix}([^' ]+)`).exec(primaryConninfo);
  return match?.[1] === undefined ? null : (match[1] as MemberName);
}

const followsPrefix = 'baton_follows_';

const quoted = (value: string): string =>
  /^[A-Za-z0-9_./:-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`;
