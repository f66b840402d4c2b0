/** An account for people: 80 columns, plain ASCII, what it came to first. */
import { absurd } from '../../result.ts';
import type { Ms } from '../../units.ts';
import { wrapped } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';
import type { Account, Ratio, TargetAccount } from './account.ts';

export function accountText(account: Account): readonly string[] {
  const { target, customer, timeZone } = account;
  const head = `${customer} (${account.contract}, version ${account.contractVersion}), ${spanText(account, timeZone)}`;
  const line = (name: string, text: string) => wrapped(text, 18, `    ${name.padEnd(14)}`);
  return [
    ...wrapped(head, 4, `  ${outcomeText(target).padEnd(12)}`),
    ...line('availability', availabilityText(target)),
    ...line('outages', outagesText(account)),
    ...(target === null ? [] : line('budget', budgetText(target))),
    ...(account.excludedMs === 0 ? [] : line('maintenance', `${durationText(account.excludedMs)} does not count`)),
    ...(account.degradedMs === 0 ? [] : line('degraded', `${durationText(account.degradedMs)}, which counts as up`)),
    ...line('not measured', account.unmeasuredMs === 0 ? 'nothing' : durationText(account.unmeasuredMs)),
    ...line(
      'service hours',
      `${durationText(account.serviceMs)}${account.provisional ? `, ${durationText(account.elapsedMs)} so far` : ''}`,
    ),
    ...(target === null || target.creditPercent === 0 ? [] : line('credit', `${target.creditPercent} % of the fee`)),
  ];
}

/** Cut off, never rounded up, at four decimals: what was not 100 % does not read like it. `-` for none of nothing. */
export function percentText({ part, of }: Ratio): string {
  if (of === 0) return '-';
  const tenThousandths = (BigInt(Math.max(part, 0)) * 1_000_000n) / BigInt(of);
  return `${tenThousandths / 10_000n}.${String(tenThousandths % 10_000n).padStart(4, '0')} %`;
}

function outcomeText(target: TargetAccount | null): string {
  if (target === null) return '-';
  switch (target.outcome) {
    case 'missed':
      return 'MISSED';
    case 'met':
    case 'open':
    case 'unmeasured':
      return target.outcome;
    default:
      return absurd(target.outcome);
  }
}

export function availabilityText(target: TargetAccount | null): string {
  if (target === null) return 'nothing was promised';
  const [least, most] = [percentText(target.atLeast), percentText(target.atMost)];
  return `${least === most ? most : `between ${least} and ${most}`}, ${target.targetPercent} % promised`;
}

function outagesText({ outages, longestMs, countedMs }: Account): string {
  if (outages === 0) return 'none that counts';
  return outages === 1
    ? `1, of ${durationText(countedMs)}`
    : `${outages}, ${durationText(countedMs)} in all, the longest ${durationText(longestMs)}`;
}

function budgetText({ budgetMs, leftMs }: TargetAccount): string {
  const rest = leftMs < 0 ? `OVER BY ${durationText(-leftMs)}` : `${durationText(leftMs)} left`;
  return `${durationText(budgetMs)} of downtime: ${rest}`;
}

function spanText({ span, provisional }: Account, timeZone: string): string {
  const date = (at: number) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at as Ms);
  return `${date(span.from)} to ${date(span.to - 1)} in ${timeZone}${provisional ? ', PROVISIONAL' : ''}`;
}
