/** How a notice reaches people, through what this host has for it. */
import type { Result } from '../core/result.ts';
import type { Channel } from '../core/sla/notices/channel.ts';
import type { Notice } from '../core/sla/notices/notice.ts';
import type { DeliveryProblem } from '../core/sla/notices/outbox.ts';

export interface Delivery {
  /** What somebody should know although it was delivered, like a recipient that was refused; null when nothing. */
  readonly remark: string | null;
}

export interface Notifier {
  /** Why this host cannot deliver through the channel at all, with what mends it; null when it can. */
  obstacle(channel: Channel): string | null;
  /**
   * One attempt, over when the signal aborts. The receiver may have taken it although this failed: the notice's key is
   * how it knows a second attempt for the same.
   */
  deliver(channel: Channel, notice: Notice, signal: AbortSignal): Promise<Result<Delivery, DeliveryProblem>>;
}
