/** Those who are told of outages in a simulation: they refuse, lose answers, hang, and honour the key. */
import { err, ok } from '../../../src/core/result.ts';
import type { Promises } from '../../../src/core/sla/contract.ts';
import type { Channel, NoticePolicy } from '../../../src/core/sla/notices/channel.ts';
import type { Notice } from '../../../src/core/sla/notices/notice.ts';
import { type Ms, second } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Notifier } from '../../../src/ports/notifier.ts';
import type { Random } from '../clock/random.ts';

const sites = ['wexham', 'heatherwood', 'berkshire'].map((id) => ({ id, name: id }));
const channel: Channel = { id: 'hook', kind: 'webhook', url: 'http://people/', secret: null, templates: {} };

export class People {
  readonly promises: Promises = { sites, contracts: [] };
  readonly policy: NoticePolicy;
  /** By key, in the order in which they were first heard. */
  readonly heard = new Map<string, Notice>();
  /** Two texts under one key: a receiver that honours the key would lose one of them. */
  readonly contradictions: string[] = [];
  attempts = 0;

  constructor(afterMs: Ms) {
    this.policy = {
      afterMs,
      againMs: 5 * second,
      channels: [channel],
      sites: sites.map((site) => ({ site, zone: 'UTC', channels: [channel.id] })),
      contracts: [],
    };
  }

  notifier(clock: Clock, random: Random): Notifier {
    return {
      obstacle: () => null,
      deliver: async (_channel, notice, signal) => {
        this.attempts += 1;
        const aborted = new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        await clock.sleep(random.between(5, 400));
        if (random.chance(0.2)) return err({ kind: 'passing', problem: 'refused' });
        this.#hears(notice);
        if (random.chance(0.1)) return err({ kind: 'passing', problem: 'the answer was lost' });
        if (random.chance(0.05)) {
          await aborted;
          return err({ kind: 'passing', problem: 'hung' });
        }
        return ok({ remark: null });
      },
    };
  }

  #hears(notice: Notice): void {
    const known = this.heard.get(notice.key);
    if (known === undefined) this.heard.set(notice.key, notice);
    else if (known.text !== notice.text) this.contradictions.push(notice.key);
  }
}
