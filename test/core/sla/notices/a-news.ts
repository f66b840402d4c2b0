/** Reports and burning budgets, for the tests of what is told of them. */
import type { Contract } from '../../../../src/core/sla/contract.ts';
import type { NoticePolicy } from '../../../../src/core/sla/notices/channel.ts';
import type { BurnNews, ReportNews } from '../../../../src/core/sla/notices/news.ts';
import { burnWarnings } from '../../../../src/core/sla/report/burn.ts';
import { contractReports } from '../../../../src/core/sla/report/contract-report.ts';
import { measured } from '../../../../src/core/sla/accounting/outage-row.ts';
import { minute } from '../../../../src/core/units.ts';
import { april, outage, rows } from '../accounting/hospital-2008.ts';
import { sites } from '../facts.ts';

/** Of the first contract that is told, for the month before. */
export function aReportNews({ contracts }: NoticePolicy, madeAt: number, month = '2008-03'): ReportNews {
  const reported = {
    ...{ cluster: 'domain-1', sites, maintenance: [], rows: () => rows, incidents: [], nearMisses: [] },
    contracts: contracts.map(({ contract }) => contract),
  };
  const [report] = contractReports(reported, Math.max(madeAt, april.to), month);
  if (report === undefined) throw new Error('there is no report');
  return { report, madeAt };
}

/** Two minutes into the outage of 2008. */
export function aBurn(contract: Contract, over: number | null = null): BurnNews {
  const at = outage.from + 2 * minute;
  const [warning] = burnWarnings(contract, { measured: measured(rows, contract.sites), maintenance: [], asOf: at });
  if (warning === undefined) throw new Error('nothing burns');
  const loss = {
    lost: 'nothing',
    bytesMax: 0,
    timeMsMax: 0,
    says: 'Nothing that a user saw saved was lost so far.',
  } as const;
  const standing = { loss, budgetMs: 43 * minute, leftMs: 41 * minute };
  return {
    id: '2008-04-24-page',
    warning,
    from: { at, ...standing },
    over: over === null ? null : { at: over, ...standing, leftMs: -minute },
  };
}
