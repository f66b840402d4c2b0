/** One notice of an outage that is over, and a host that can deliver it. */
import type { Channel } from '../../../src/core/sla/notices/channel.ts';
import type { Notice } from '../../../src/core/sla/notices/notice.ts';
import { minute, second, wallMs } from '../../../src/core/units.ts';
import { createNotifier, type NotifierOptions } from '../../../src/adapters/notify/create-notifier.ts';
import { EPOCH } from '../../core/sla/facts.ts';
import { aPolicy, aStory, Teller } from '../../core/sla/notices/stories.ts';

const story = aStory(44 * minute, 50 * minute);
const teller = new Teller(aPolicy());
const started = teller.look([story.goingOn], 31 * second);
const over = teller.look([story.over], 45 * minute);

const first = (notices: readonly Notice[]): Notice => {
  const [notice] = notices;
  if (notice === undefined) throw new Error('nothing was planned');
  return notice;
};
export const aStartedNotice = first(started);
export const anOverNotice = first(over);

export const nowWall = EPOCH + 45 * minute;

export const aNotifier = (options: Partial<NotifierOptions> = {}) =>
  createNotifier({
    clock: { wall: () => wallMs(nowWall) },
    secrets: new Map(),
    commands: {},
    smtp: null,
    ...options,
  });

export const aWebhook = (url: string, secret: string | null = null): Channel => ({
  id: 'hook',
  kind: 'webhook',
  url,
  secret,
  templates: {},
});

/** Aborts when the test says so. */
export const deadline = (ms: number): AbortSignal => AbortSignal.timeout(ms);
