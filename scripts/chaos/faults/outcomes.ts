/** Who leads when all is well again, as most faults expect it. What else they expect is written next to them. */
import { always, type Expectation } from '../fault.ts';

type Leads = Pick<Expectation, 'leader' | 'promotions'>;

export const leaderStays: Leads = { leader: always('same'), promotions: always([0, 0]) };

export const leaderChanges: Leads = { leader: always('other'), promotions: always([1, 1]) };

/** In mode `off` the old leader may be back before anybody else may lead. */
export const leaderChangesButOff: Leads = {
  leader: { off: 'either', or: 'other' },
  promotions: { off: [0, 1], or: [1, 1] },
};

export const leaderMayChange = (promotionsMax: number): Leads => ({
  leader: always('either'),
  promotions: always([0, promotionsMax]),
});
