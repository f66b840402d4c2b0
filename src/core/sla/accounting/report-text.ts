/** A report for people: 80 columns, plain ASCII. */
import { durationText } from '../timeline-text.ts';
import { boxed, listed, wrapped } from '../text-layout.ts';
import { accountText, percentText } from './account-text.ts';
import type { SlaReport } from './report.ts';
import type { SiteAccount, SitePromise } from './site-account.ts';

export function reportText({ cluster, asOf, month, window, provisional, contracts, sites }: SlaReport): string {
  const instant = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`;
  const span = window === null ? (month ?? '') : `${instant(window.from)} to ${instant(window.to)}`;
  return [
    ...boxed(
      `SLA  ${span}`,
      provisional ? 'PROVISIONAL' : 'final',
      `${cluster}  as of ${new Date(asOf).toISOString()}`,
    ),
    '',
    'Contracts',
    ...(contracts.length === 0 ? ['  none is in force'] : contracts.flatMap((each) => accountText(each))),
    '',
    'Sites, at all hours',
    ...(sites.length === 0
      ? ['  none is known']
      : sites.toSorted((one, other) => other.weighedDownMs - one.weighedDownMs).flatMap(siteLines)),
  ].join('\n');
}

/** A number that is cut off is another number: what has no room goes on in the next line. */
function siteLines({
  name,
  elapsedMs,
  downMs,
  outages,
  degradedMs,
  unmeasuredMs,
  promises,
  ...site
}: SiteAccount): readonly string[] {
  const head = `  ${name.slice(0, 24).padEnd(26)}`;
  if (elapsedMs === 0) return [`${head}not begun`];
  const parts = [
    outages === 0 ? 'never down' : `down ${durationText(downMs)} in ${outages}`,
    ...(degradedMs === 0 ? [] : [`degraded ${durationText(degradedMs)}`]),
    ...(unmeasuredMs === 0 ? [] : [`not measured ${durationText(unmeasuredMs)}`]),
  ];
  return [
    ...wrapped(parts.join(', '), 28, head),
    ...(site.services.length === 0 ? [] : wrapped(servicesText(site), 6, '    ')),
    ...promises.flatMap((promise) => promiseLines(promise)),
  ];
}

function servicesText({ services, weighedDownMs }: Pick<SiteAccount, 'services' | 'weighedDownMs'>): string {
  const names = listed(services.map(({ name, weight }) => (weight === 1 ? name : `${name} (weighs ${weight})`)));
  return `uses ${names}${weighedDownMs === 0 ? '' : `: ${durationText(weighedDownMs)} weighed by them`}`;
}

function promiseLines({ contract, contractVersion, target }: SitePromise): readonly string[] {
  if (target === null) return [];
  const { atMost, budgetMs, leftMs } = target;
  const left =
    leftMs < 0 ? `OVER BY ${durationText(-leftMs)}` : `${durationText(leftMs)} of ${durationText(budgetMs)} left`;
  return wrapped(`${percentText(atMost)}, ${left}`, 6, `    ${`${contract} v${contractVersion}`.padEnd(24)}  `);
}
