/** Who is told what, and when: a table of stories, and what holds for all of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import type { NoticeHead } from '../../../../src/core/sla/notices/notice.ts';
import { newsForMs } from '../../../../src/core/sla/notices/outage.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { EPOCH } from '../facts.ts';
import { aTail } from '../evidence/a-tail.ts';
import { aPolicy, aStory, Teller, withLoss } from './stories.ts';

const oneSite = aPolicy({ sites: aPolicy().sites.slice(1, 2), contracts: [] });
const oneContract = aPolicy({ sites: [], contracts: aPolicy().contracts.slice(1) });
const short = aStory(12_500, 20_000);
const long = aStory(44 * minute, 50 * minute);

type Look = readonly [incident: Incident, ms: number];
const cases: readonly (readonly [
  says: string,
  policy: typeof oneSite,
  looks: readonly Look[],
  told: readonly string[],
])[] = [
  [
    'a short outage sends one message, at its end',
    oneSite,
    [
      [short.goingOn, 3 * second],
      [short.over, 13 * second],
      [short.closed, 21 * second],
    ],
    ['over site-wexham hook'],
  ],
  ['nobody is told before it has lasted', oneSite, [[long.goingOn, 29_999]], []],
  ['people are told once it has lasted', oneSite, [[long.goingOn, 30_000]], ['started site-wexham hook']],
  [
    'a long one is told from its beginning until redundancy is back',
    oneSite,
    [
      [long.goingOn, 31 * second],
      [long.goingOn, 32 * second],
      [long.goingOn, 16 * minute],
      [long.goingOn, 17 * minute],
      [long.goingOn, 31 * minute],
      [long.over, 44 * minute],
      [long.over, 45 * minute],
      [long.closed, 51 * minute],
      [long.closed, 52 * minute],
    ],
    [
      'started site-wexham hook',
      'still-down 1 site-wexham hook',
      'still-down 2 site-wexham hook',
      'over site-wexham hook',
      'restored site-wexham hook',
    ],
  ],
  [
    'whoever takes over late says first that it began, and repeats nothing at once',
    oneSite,
    [
      [long.goingOn, 40 * minute],
      [long.goingOn, 40 * minute + 1_000],
    ],
    ['started site-wexham hook'],
  ],
  [
    'what was seen only when it was over has one message and the return of redundancy',
    oneSite,
    [[long.closed, 60 * minute]],
    ['over site-wexham hook', 'restored site-wexham hook'],
  ],
  ['what is no news any more is told to nobody', oneSite, [[long.closed, 50 * minute + newsForMs]], []],
  [
    'a contract is breached while the outage lasts',
    oneContract,
    [
      [long.goingOn, 19 * minute],
      [long.goingOn, 20 * minute + 1],
      [long.over, 45 * minute],
    ],
    [
      'started contract-heatherwood-wexham mail',
      'breached contract-heatherwood-wexham mail',
      'over contract-heatherwood-wexham mail',
    ],
  ],
  [
    'a breach that only its end shows is told with it',
    oneContract,
    [
      [long.goingOn, 31 * second],
      [long.over, 45 * minute],
    ],
    [
      'started contract-heatherwood-wexham mail',
      'breached contract-heatherwood-wexham mail',
      'over contract-heatherwood-wexham mail',
    ],
  ],
];

describe('notices', () => {
  test.each(cases)('%s', (_says, policy, looks, told) => {
    const teller = new Teller(policy);
    for (const [incident, ms] of looks) teller.look([incident], ms);
    expect(teller.told).toEqual(told);
  });

  test('every site and every contract is told through each of its channels', () => {
    const all = aPolicy();
    const teller = new Teller({ ...all, sites: all.sites.map((each) => ({ ...each, channels: ['hook', 'mail'] })) });
    teller.look([short.over], 13 * second);
    const sites = ['berkshire', 'wexham', 'heatherwood', 'st-marks'].flatMap((id) => [
      `site-${id} hook`,
      `site-${id} mail`,
    ]);
    expect(teller.told).toEqual(
      [...sites, 'contract-royal-berkshire mail', 'contract-heatherwood-wexham mail'].map((who) => `over ${who}`),
    );
  });

  test('an outage whose recorder is gone is not called down for ever, and ends with the next good write on record', () => {
    const teller = new Teller(oneSite);
    const gone = () => false;
    teller.look([long.goingOn], 31 * second);
    expect(teller.look([long.goingOn], 17 * minute, gone)).toEqual([]);
    const other: Incident = { ...long.over, id: `${long.over.id}-2`, recordedBy: 'slough-a' };
    teller.look([long.goingOn, other], 45 * minute, gone);
    expect(teller.heads.map(({ incident, occasion }) => [incident === other.id, occasion])).toEqual([
      [false, 'started'],
      [false, 'over'],
      [true, 'over'],
    ]);
  });

  test('an outage that another record goes on with is not told to be over', () => {
    const superseded: Incident = { ...long.goingOn, state: 'closed', closedBecause: 'superseded' };
    const next: Incident = { ...long.goingOn, id: `${long.goingOn.id}-2` };
    const teller = new Teller(oneSite);
    teller.look([superseded, next], 31 * second);
    expect(teller.heads.map(({ incident, occasion }) => [incident, occasion])).toEqual([[next.id, 'started']]);
    teller.look([superseded], 60 * minute);
    expect(teller.heads.map(({ occasion }) => occasion)).toEqual(['started', 'over']);
  });

  test('an outage of no site is told to nobody, unless they were told that it began', () => {
    const healed: Incident = { ...long.over, affectedSites: [], phases: { ...long.over.phases, outage: 0 } };
    expect(new Teller(aPolicy()).look([healed], 45 * minute)).toEqual([]);
    const teller = new Teller(oneSite);
    teller.look([long.goingOn], 31 * second);
    const [over, ...more] = teller.look([healed], 45 * minute);
    expect([over?.occasion, more]).toEqual(['over', []]);
    expect(over?.subject).toBe('domain-1 is back for Wexham Park after 0 ms, because no write failed');
  });

  test('where nobody had looked before the doubt, the outage is told from the doubt', () => {
    const early: Incident = {
      ...long.goingOn,
      instants: { ...long.goingOn.instants, t0: { ...long.goingOn.instants.t0!, wall: '2008-04-24T03:00:00.000Z' } },
    };
    const teller = new Teller(oneSite);
    expect(teller.look([early], 29 * second)).toEqual([]);
    expect(teller.look([early], 31 * second)[0]?.facts.downFrom).toBe(early.instants.t1?.wall);
  });
});

/** Looks at any moments, by whoever leads then, with records that arrive late and presence that flickers. */
const moments = fc.array(
  fc.record({
    ms: fc.integer({ min: 0, max: 3 * 60 * minute }),
    lateMs: fc.integer({ min: 0, max: 10 * minute }),
    present: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

test('whatever the order of observation: each key once, one message for what is short, the beginning before the end, and everybody is told', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 7_200 }),
      fc.integer({ min: 1, max: 3_600 }),
      moments,
      (outageS, exposedS, looks) => {
        const outageMs = outageS * second;
        const redundantMs = outageMs + exposedS * second;
        const story = aStory(outageMs, redundantMs);
        const shown = (ms: number) => (ms >= redundantMs ? story.closed : ms >= outageMs ? story.over : story.goingOn);
        const teller = new Teller(aPolicy());
        for (const { ms, lateMs, present } of looks.toSorted((one, other) => one.ms - other.ms))
          teller.look(ms < 2_600 ? [] : [shown(Math.max(2_600, ms - lateMs))], ms, () => present);
        const end = Math.max(redundantMs, ...looks.map(({ ms }) => ms));
        teller.look([story.closed], end + 1);

        expect(new Set(teller.heads.map(({ key }) => key)).size).toBe(teller.heads.length);
        const threads = Map.groupBy(
          teller.heads,
          ({ audience, channel }) => `${audience.kind}-${audience.id} ${channel}`,
        );
        expect(threads.size).toBe(6);
        const seenLate = looks.some(({ ms, lateMs }) => lateMs > 0 && ms >= 30 * second);
        for (const thread of threads.values()) expectInOrder(thread, outageMs, seenLate);
      },
    ),
    { numRuns: 200 },
  );
});

function expectInOrder(thread: readonly NoticeHead[], outageMs: number, seenLate: boolean): void {
  const occasions = thread.map(({ occasion }) => occasion);
  expect(occasions.filter((occasion) => occasion === 'over')).toHaveLength(1);
  // A record that arrives late may make a short outage look long, never the other way round.
  if (outageMs < 30 * second && !seenLate) expect(occasions).toEqual(['over']);
  const over = occasions.indexOf('over');
  for (const early of ['started', 'still-down'] as const) expect(occasions.lastIndexOf(early)).toBeLessThan(over);
  if (occasions.includes('still-down')) expect(occasions[0]).toBe('started');
  if (occasions.includes('restored')) expect(occasions.at(-1)).toBe('restored');
}

describe('what was lost, found out after the end was told', () => {
  const { over } = short;
  const tailAt = (ms: number) => aTail({ at: new Date(EPOCH + ms).toISOString() });
  const lossy = withLoss(over);

  test('is told once, with what was in it', () => {
    const teller = new Teller(oneSite);
    teller.look([lossy], 13 * second);
    teller.look([lossy], 60 * second, undefined, tailAt(50 * second));
    teller.look([lossy], 90 * second, undefined, tailAt(50 * second));
    expect(teller.told).toEqual(['over site-wexham hook', 'lost site-wexham hook']);
  });

  test('is in the end itself when it was known then, and is not told again', () => {
    const teller = new Teller(oneSite);
    const [notice] = teller.look([lossy], 60 * second, undefined, tailAt(45 * second));
    expect(notice?.facts.loss).toMatchObject({ lost: 'at-most', tail: { transactions: 3 } });
    expect(notice?.text).toContain('3 transactions with 5 rows in 2 tables (public.notes and public.orders)');
    teller.look([lossy], 90 * second, undefined, tailAt(45 * second));
    expect(teller.told).toEqual(['over site-wexham hook']);
  });

  test('is not told where nothing was lost', () => {
    const teller = new Teller(oneSite);
    const proved: Incident = { ...over, loss: { ...over.loss, bytesMax: 0, timeMsMax: 0, provedNone: true } };
    teller.look([proved], 13 * second);
    teller.look([proved], 60 * second, undefined, tailAt(50 * second));
    expect(teller.told).toEqual(['over site-wexham hook']);
  });
});
