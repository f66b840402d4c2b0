/** A CloudEvent to a URL, signed. A receiver that remembers `Idempotency-Key` for a day gets each message once. */
import { createHmac } from 'node:crypto';
import { cloudEvent } from '../../core/sla/notices/envelopes.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import { second, type WallMs } from '../../core/units.ts';
import { postJson } from './http-post.ts';

export function postWebhook(
  url: string,
  notice: Notice,
  secret: string | null,
  nowWall: WallMs,
  signal: AbortSignal,
): ReturnType<typeof postJson> {
  const body = JSON.stringify(cloudEvent(notice));
  const timestamp = String(Math.floor(nowWall / second));
  const headers = {
    'content-type': 'application/cloudevents+json',
    'idempotency-key': notice.key,
    'x-baton-timestamp': timestamp,
    ...(secret === null ? {} : { 'x-baton-signature': signature(secret, timestamp, body) }),
  };
  return postJson(url, headers, body, signal);
}

/** Over the timestamp too, so that a recorded message cannot be sent again later. */
export const signature = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
