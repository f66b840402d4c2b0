/** A report for people: 80 columns, plain ASCII. */
import { durationText } from '../timeline-text.ts';
import { boxed } from '../text-layout.ts';
import { accountText } from './account-text.ts';
import type { SlaReport } from './report.ts';
import type { SiteAccount } from './site-account.ts';

export function reportText({ cluster, asOf, month, contracts, sites }: SlaReport): string {
  const provisional = contracts.some((each) => each.provisional) ? 'PROVISIONAL' : 'final';
  return [
    ...boxed(`SLA  ${month}`, provisional, `${cluster}  as of ${new Date(asOf).toISOString()}`),
    '',
    'Contracts',
    ...(contracts.length === 0 ? ['  none is in force'] : contracts.flatMap((each) => accountText(each))),
    '',
    'Sites, at all hours',
    ...(sites.length === 0 ? ['  none is known'] : sites.map(siteLine)),
  ].join('\n');
}

function siteLine({ name, downMs, outages, degradedMs, unmeasuredMs }: SiteAccount): string {
  const parts = [
    outages === 0 ? 'never down' : `down ${durationText(downMs)} in ${outages}`,
    ...(degradedMs === 0 ? [] : [`degraded ${durationText(degradedMs)}`]),
    ...(unmeasuredMs === 0 ? [] : [`not measured ${durationText(unmeasuredMs)}`]),
  ];
  return `  ${name.slice(0, 24).padEnd(26)}${parts.join(', ')}`.slice(0, 80);
}
