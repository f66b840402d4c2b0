/** What contracts are to be told of, from the record: reports that were made lately, and budgets that burn. */
import { type News, type ReportNews, reportNewsForMs } from '../../core/sla/notices/news.ts';
import type { Clock } from '../../ports/clock.ts';
import { burnKeyPrefix, burnsOf } from '../../wire/burn-record.ts';
import { parseReport, reportKeyPrefix } from '../../wire/contract-report.ts';
import type { Records } from './records.ts';

export class NewsBook {
  readonly #clock: Clock;
  readonly #records: Records;
  /** Asked for at every look of whoever tells: read again when something was written. */
  #read: { readonly changes: number; readonly news: News } | null = null;

  constructor(clock: Clock, records: Records) {
    this.#clock = clock;
    this.#records = records;
  }

  news(): News {
    const { changes } = this.#records;
    if (this.#read?.changes !== changes) this.#read = { changes, news: this.#readAll() };
    return this.#read.news;
  }

  #readAll(): News {
    const nowWall = this.#clock.wall();
    const reports = this.#records.under(reportKeyPrefix).flatMap((record): readonly ReportNews[] => {
      const madeAt = Date.parse(record.value.at);
      // Of a year's reports only the newest are looked at.
      const report = nowWall - madeAt < reportNewsForMs ? parseReport(record) : null;
      return report === null ? [] : [{ report, madeAt }];
    });
    return { reports, burns: burnsOf(this.#records.under(burnKeyPrefix)) };
  }
}
