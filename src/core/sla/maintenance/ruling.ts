/** What an announcement means for each contract: excluded or not, and why. */
import { dayMs, type Ms, minute } from '../../units.ts';
import { type Contract, inForce } from '../contract.ts';
import { listed } from '../text-layout.ts';
import { durationText } from '../timeline-text.ts';
import { type Announcement, covers } from './announcement.ts';

export interface Ruling {
  readonly contract: string;
  readonly contractVersion: number;
  readonly customer: string;
  /** Downtime in the window does not count, up to the cap. */
  readonly excluded: boolean;
  /** A sentence without its end. */
  readonly why: string;
}

/** One for each contract that is in force when the window begins. */
export const rulings = (announcement: Announcement, contracts: readonly Contract[]): readonly Ruling[] =>
  contracts
    .filter((contract) => inForce(contract, announcement.from))
    .map((contract) => ({
      contract: contract.id,
      contractVersion: contract.version,
      customer: contract.customer,
      ...ruled(announcement, contract),
    }));

function ruled(announcement: Announcement, contract: Contract): Pick<Ruling, 'excluded' | 'why'> {
  const { from, to, announcedAt, cancelledAt, sites } = announcement;
  const rules = contract.exclusions.maintenance;
  if (!covers(announcement, contract)) {
    const missing = contract.sites.filter((site) => sites?.includes(site) !== true);
    const some = missing.length < contract.sites.length;
    const why = some
      ? `it covers ${listed(missing)} too, which is not announced`
      : 'it is not among what was announced';
    return { excluded: false, why };
  }
  if (rules === null) return { excluded: false, why: 'its terms exclude no maintenance' };
  const aheadMs = from - announcedAt;
  const agreed = `${rules.noticeDays} ${rules.noticeDays === 1 ? 'day' : 'days'} agreed`;
  if (aheadMs < rules.noticeDays * dayMs)
    return { excluded: false, why: `announced too late: ${aheadText(aheadMs)} ahead, ${agreed}` };
  if (cancelledAt !== null && cancelledAt <= from) return { excluded: false, why: 'it was called off' };
  const overMs = Math.min(to, cancelledAt ?? to) - from - rules.capMsPerMonth;
  const cap = `at most ${durationText(rules.capMsPerMonth)} in a calendar month`;
  return {
    excluded: true,
    why: `announced ${aheadText(aheadMs)} ahead, ${agreed}; ${cap}${overMs > 0 ? ', and the window is longer' : ''}`,
  };
}

/** Cut off, never rounded up: what was announced too late does not read as if it had not been. */
const aheadText = (aheadMs: Ms): string => {
  if (aheadMs <= 0) return 'not at all';
  const days = Math.floor(aheadMs / dayMs);
  return days >= 2 ? `${days} days` : durationText(Math.max(1, Math.floor(aheadMs / minute)) * minute);
};
