import { describe, expect, test } from 'vitest';
import type { HistoryRow } from '../../src/core/cluster.ts';
import { planRejoin, type RejoinFacts, type RejoinPlan } from '../../src/core/rejoin-plan.ts';
import { type Branch, findFork, parseHistory } from '../../src/core/timeline-history.ts';
import { lsn, memberName, parseLsn, timeline } from '../../src/core/units.ts';

/** `1@0/30 2@0/50 3`: timeline 3, which left 2 at 0/50, which left 1 at 0/30. */
function branch(text: string): Branch {
  const steps = text.split(' ');
  const last = Number(steps.at(-1));
  const ancestors = steps.slice(0, -1).map((step) => {
    const [of, end] = step.split('@');
    return { timeline: timeline(Number(of)), endLsn: parseLsn(end!) };
  });
  return { timeline: timeline(last), ancestors };
}

interface Story {
  readonly own?: string;
  readonly leader?: string;
  readonly ownFacts?: Partial<RejoinFacts['own']>;
  readonly leaderFacts?: Partial<RejoinFacts['leader']>;
  readonly more?: Partial<Omit<RejoinFacts, 'own' | 'leader'>>;
}

/** By default: a primary of timeline 1 that was stopped cleanly, and a leader promoted from 0/30 of it, checkpointed. */
function facts({ own = '1', leader = '1@0/30 2', ownFacts, leaderFacts, more }: Story): RejoinFacts {
  const mine = branch(own);
  const theirs = branch(leader);
  return {
    own: {
      systemIdentifier: '1',
      branch: mine,
      timeline: mine.timeline,
      lsn: parseLsn('0/20'),
      wasPrimary: true,
      standbySignal: false,
      rewindable: true,
      unstartable: null,
      ...ownFacts,
    },
    leader: {
      systemIdentifier: '1',
      branch: theirs,
      timeline: theirs.timeline,
      inRecovery: false,
      checkpointTimeline: theirs.timeline,
      ...leaderFacts,
    },
    rows: [],
    beyondFork: 'nothing',
    firstRecord: 'unknown',
    nextWal: 'there',
    ...more,
  };
}

const row = (of: number, end: string): HistoryRow => ({
  timeline: timeline(of),
  newTimeline: timeline(of + 1),
  lsn: parseLsn(end),
  reason: '',
  timestamp: '',
  newLeader: memberName('b'),
  promotionId: '',
  historyFile: '',
});

const standby = { wasPrimary: false, standbySignal: true } as const;
const rewindTo = (forkLsn: string): RejoinPlan => ({ kind: 'rewind', forkLsn: parseLsn(forkLsn) });
const cloneAs = (why: string): RejoinPlan => ({ kind: 'clone', why: expect.stringContaining(why) });
const waitFor = (why: string): RejoinPlan => ({ kind: 'wait', why: expect.stringContaining(why) });

const cases: readonly (readonly [says: string, story: Story, plan: RejoinPlan])[] = [
  ['a primary that was stopped before its successor left it follows', {}, { kind: 'follow' }],
  ['records beyond the fork are rewound', { more: { beyondFork: 'records' } }, rewindTo('0/30')],
  ['WAL that cannot be read counts as diverged', { more: { beyondFork: 'unknown' } }, rewindTo('0/30')],
  [
    'a control file beyond the fork is diverged, whatever the WAL says',
    { ownFacts: { lsn: parseLsn('0/31') } },
    rewindTo('0/30'),
  ],
  ['one that ends exactly at the fork follows', { ownFacts: { lsn: parseLsn('0/30') } }, { kind: 'follow' }],
  [
    'a rewind waits for the checkpoint on the new timeline',
    { more: { beyondFork: 'records' }, leaderFacts: { checkpointTimeline: timeline(1) } },
    waitFor('no checkpoint on timeline 2'),
  ],
  ['to follow needs no checkpoint', { leaderFacts: { checkpointTimeline: timeline(1) } }, { kind: 'follow' }],
  [
    'without checksums and hints a diverged directory is cloned',
    { ownFacts: { rewindable: false }, more: { beyondFork: 'records' } },
    cloneAs('neither checksums nor wal_log_hints'),
  ],
  [
    "another cluster's data is refused",
    { ownFacts: { systemIdentifier: '7' } },
    { kind: 'refuse', why: expect.stringContaining('7') },
  ],
  [
    "another cluster's data is refused even when it is marked",
    { ownFacts: { systemIdentifier: '7', unstartable: 'half' } },
    { kind: 'refuse', why: expect.any(String) },
  ],
  [
    'an interrupted rewind is cloned over',
    { ownFacts: { unstartable: 'a rewind did not end' } },
    cloneAs('a rewind did not end'),
  ],
  ['a leader in recovery is waited for', { leaderFacts: { inRecovery: true } }, waitFor('in recovery')],
  ['a leader whose history cannot be read is waited for', { leaderFacts: { branch: null } }, waitFor('cannot be read')],
  [
    'without the own history nothing can be compared',
    { own: '1@0/10 2', ownFacts: { branch: null } },
    cloneAs('history file of timeline 2'),
  ],
  ['a standby of the same timeline goes on', { own: '1@0/30 2', ownFacts: standby }, { kind: 'follow' }],
  [
    "a clone that was never started goes on: its control file is the leader's",
    { own: '1@0/30 2', ownFacts: { standbySignal: true } },
    { kind: 'follow' },
  ],
  [
    'equal numbers with different forks are cloned',
    { own: '1@0/28 2', ownFacts: standby },
    cloneAs('different histories'),
  ],
  [
    'equal histories with different promotions are cloned',
    { own: '1@0/30 2', ownFacts: standby, more: { firstRecord: 'different' } },
    cloneAs('different promotions'),
  ],
  [
    "a former primary of the leader's own timeline is cloned",
    { own: '1@0/30 2' },
    cloneAs('wrote on timeline 2 itself'),
  ],
  [
    'an own promotion that the cluster never heard of is rewound to the common timeline',
    { own: '1@0/25 2', leader: '1@0/30 3' },
    rewindTo('0/25'),
  ],
  ['the earlier of two ends is the fork', { own: '1@0/40 2', leader: '1@0/30 3' }, rewindTo('0/30')],
  ["a timeline newer than the leader's is rewound", { own: '1@0/30 2@0/50 3', leader: '1@0/30 2' }, rewindTo('0/50')],
  [
    'an ancestor that was another promotion is cloned',
    { own: '1@0/30 2', leader: '1@0/30 2@0/50 3', more: { firstRecord: 'different' } },
    cloneAs('different promotions'),
  ],
  ['several timelines behind, it follows', { leader: '1@0/30 2@0/50 3' }, { kind: 'follow' }],
  ['a leader promoted behind an older fork is cloned from', { leader: '1@0/30 2@0/28 3' }, cloneAs('out of order')],
  [
    "a leader that contradicts the cluster's history is cloned from",
    { more: { rows: [row(1, '0/2F')] } },
    cloneAs('history says 0/2F'),
  ],
  ['the newest row for a timeline counts', { more: { rows: [row(1, '0/2F'), row(1, '0/30')] } }, { kind: 'follow' }],
  [
    'the row of a promotion that is not entered yet is not missed',
    { leader: '1@0/30 2@0/50 3', more: { rows: [row(1, '0/30')] } },
    { kind: 'follow' },
  ],
  [
    'one that fell behind what the leader keeps is cloned',
    { own: '1@0/30 2', ownFacts: standby, more: { nextWal: 'gone' } },
    cloneAs('fallen behind'),
  ],
  [
    'what an archive may have is tried',
    { own: '1@0/30 2', ownFacts: standby, more: { nextWal: 'unknown' } },
    { kind: 'follow' },
  ],
];

describe('how a member rejoins', () => {
  for (const [says, story, plan] of cases) test(says, () => expect(planRejoin(facts(story))).toEqual(plan));
});

describe('a timeline history', () => {
  test('is read as PostgreSQL writes it, blank lines and remarks included', () => {
    expect(
      parseHistory('1\t0/3000000\tno recovery target specified\n\n# remark\n2\t0/5000060\tbefore 2000-01-01\n'),
    ).toEqual([
      { timeline: 1, endLsn: lsn(0x3000000n) },
      { timeline: 2, endLsn: lsn(0x5000060n) },
    ]);
  });

  test('that PostgreSQL cannot have written is refused', () => {
    expect(() => parseHistory('one 0/1')).toThrow(RangeError);
    expect(() => parseHistory('1 nowhere')).toThrow(RangeError);
  });

  test('without a common timeline has no fork', () => {
    expect(findFork(branch('2'), branch('3'))).toBeNull();
    expect(findFork(branch('1'), branch('1'))).toEqual({ timeline: 1, forkLsn: null, ownIsThere: true });
  });
});
