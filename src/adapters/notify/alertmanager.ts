/** Alerts to Alertmanager's API v2. The same alert twice is one alert there: its labels are its identity. */
import type { AlertmanagerChannel } from '../../core/sla/notices/channel.ts';
import { alertsOf } from '../../core/sla/notices/envelopes.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import type { WallMs } from '../../core/units.ts';
import { postJson } from './http-post.ts';

export function postAlerts(
  channel: AlertmanagerChannel,
  notice: Notice,
  token: string | null,
  nowWall: WallMs,
  signal: AbortSignal,
): ReturnType<typeof postJson> {
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const body = JSON.stringify(alertsOf(notice, channel.labels, nowWall));
  return postJson(`${channel.url}/api/v2/alerts`, headers, body, signal);
}
