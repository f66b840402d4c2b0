/** A report for people: 80 columns, plain ASCII. */
import { durationText } from '../timeline-text.ts';
import { boxed, wrapped } from '../text-layout.ts';
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
    ...(sites.length === 0 ? ['  none is known'] : sites.flatMap(siteLines)),
  ].join('\n');
}

/** A number that is cut off is another number: what has no room goes on in the next line. */
function siteLines({ name, elapsedMs, downMs, outages, degradedMs, unmeasuredMs }: SiteAccount): readonly string[] {
  const head = `  ${name.slice(0, 24).padEnd(26)}`;
  if (elapsedMs === 0) return [`${head}not begun`];
  const parts = [
    outages === 0 ? 'never down' : `down ${durationText(downMs)} in ${outages}`,
    ...(degradedMs === 0 ? [] : [`degraded ${durationText(degradedMs)}`]),
    ...(unmeasuredMs === 0 ? [] : [`not measured ${durationText(unmeasuredMs)}`]),
  ];
  return wrapped(parts.join(', '), 28, head);
}
