/** Whether a host takes TCP connections on a port. */
import { connect } from 'node:net';
import type { Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';

/** `url` like `http://10.0.0.1:2379`. False when nothing comes of it within the limit; never rejects. */
export function acceptsConnections(clock: Clock, url: string, limitMs: Ms): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port),
  });
  return new Promise((resolve) => {
    const settle = (accepts: boolean) => {
      cancelLimit();
      socket.destroy();
      resolve(accepts);
    };
    const cancelLimit = clock.timer(limitMs, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
