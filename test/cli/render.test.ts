import { describe, expect, test } from 'vitest';
import { type Promotion, renderHistory } from '../../src/cli/history.ts';
import { answer, renderExplanation } from '../../src/cli/render-explain.ts';
import { renderIncidentList } from '../../src/cli/render-incidents.ts';
import { coloured, paintFor, plain, wrapText } from '../../src/cli/terminal.ts';
import {
  breachedIncident,
  closedIncident,
  healthyExplanation,
  leaderlessExplanation,
  openIncident,
} from './fixtures.ts';

describe('explain', () => {
  test('gives the answer first, then what each member sees, the rule, and what fails and would mend it', () => {
    expect(renderExplanation(healthyExplanation, plain)).toBe(`\
slough-a leads domain-1; reading-b could take over now and would lose nothing.
As seen at 2008-04-24T03:02:11.480Z.

slough-a leads
  sees   primary on timeline 3 at 0/5000148
         lease renewed 120 ms ago, 4.4 s left
         commits wait for reading-b
  rule   hold-lease: the lease is young and its primary answers
  holds  holds the leader key

reading-b could take over
  sees   streaming from slough-a, received 0/5000148
  holds  named in sync and same timeline

leeds-c may not lead: 1 condition fails
  sees   streaming from slough-a, 4.2 MiB behind
  fails  named in sync: sync names reading-b only. It is added by itself once it
         has caught up; to be a candidate at all its tag nosync must be off
  holds  same timeline

Next: Nothing to do.`);
  });

  test('says at once when nobody leads and nobody may, and keeps the command that mends it in one piece', () => {
    expect(renderExplanation(leaderlessExplanation, plain)).toBe(`\
Nobody leads domain-1, and nobody may: it takes no writes until one of the
members below can.
As seen at 2008-04-24T03:02:11.480Z.

reading-b may not lead: 1 condition fails
  sees   standby on timeline 3, received 0/5000148
         no walreceiver for 12 s
         the leader key is gone for 9 s
  rule   wait-not-eligible: sync does not name this member, so slough-a may have
         acknowledged commits that are not here
  fails  named in sync: sync names slough-a alone. Bring slough-a back, or
         accept the loss:
         \`baton failover --candidate reading-b --allow-data-loss --old-primary-is-fenced\`
  holds  leader key is free

Next: Bring slough-a back: it has every acknowledged commit. Only if its data is
      gone, force reading-b as shown above.`);
  });

  const only = (name: string) => ({
    ...healthyExplanation,
    members: healthyExplanation.members.filter((member) => member.name === name),
  });
  const stuckLeader = healthyExplanation.members.slice(0, 1).map((member) => ({ ...member, mayLead: false }));
  test.each([
    ['nobody else is there', only('slough-a'), 'slough-a leads domain-1; nobody could take over now.'],
    [
      'the leader is gone and one may lead',
      { ...healthyExplanation, leader: null, members: only('reading-b').members },
      'Nobody leads domain-1; reading-b could take over now and would lose nothing.',
    ],
    [
      'replication is asynchronous',
      { ...healthyExplanation, mode: 'off' },
      'slough-a leads domain-1; reading-b could take over now and would lose what it has not received.',
    ],
    [
      'the mode is not known, nothing is promised',
      { ...healthyExplanation, mode: null },
      'slough-a leads domain-1; reading-b could take over now.',
    ],
    [
      'the leader may not go on',
      { ...healthyExplanation, members: stuckLeader },
      'slough-a leads domain-1 but may not go on; nobody could take over now.',
    ],
  ] as const)('when %s', (_when, explanation, says) => {
    expect(answer(explanation)).toBe(says);
  });
});

describe('history', () => {
  const rows: readonly Promotion[] = [
    {
      timeline: 1,
      lsn: '0/3000148',
      reason: 'switchover',
      timestamp: '2008-04-01T10:00:00.123Z',
      newLeader: 'reading-b',
    },
    {
      timeline: 12,
      lsn: '16/B374D848',
      reason: 'take-over-silent-leader',
      timestamp: '2008-04-24T09:15:03.411Z',
      newLeader: 'slough-a',
    },
  ];

  test('is a table, oldest first', () => {
    expect(renderHistory(rows)).toBe(`\
TIMELINE  ENDED AT     WHEN (UTC)           NEW LEADER  REASON
       1  0/3000148    2008-04-01 10:00:00  reading-b   switchover
      12  16/B374D848  2008-04-24 09:15:03  slough-a    take-over-silent-leader`);
  });

  test('cuts a long reason so that no line is longer than 80 columns', () => {
    const text = renderHistory([
      { ...rows[0]!, reason: 'moved away from slough because the generator is being replaced' },
      rows[1]!,
    ]);
    expect(
      text
        .split('\n')
        .map((line) => line.length)
        .filter((length) => length > 80),
    ).toEqual([]);
    expect(text).toContain('moved away');
    expect(text).toContain('…');
  });

  test('says so when there was no promotion', () => {
    expect(renderHistory([])).toBe('No promotion yet: the cluster is on its first timeline.');
  });
});

describe('incident list', () => {
  test('keeps every id whole and says outage, loss, sites and verdict', () => {
    expect(renderIncidentList([closedIncident, breachedIncident, openIncident], plain)).toBe(`\
domain-1-20080424-091502123-reading-b  closed
  2008-04-24 09:15:02, failover, slough-a->reading-b, out 1.297 s, no loss, 4
  sites, met
domain-1-20080611-221000004-reading-b  closed
  2008-06-11 22:10:00, forced-failover, slough-a->reading-b, out 44 min, lost at
  most 1.2 MiB, 4 sites, 1 breached
domain-1-20080424-091502123-reading-b  open
  2008-04-24 09:15:02, failover, slough-a->?, still out, 4 sites`);
  });

  test('says so when there is none', () => {
    expect(renderIncidentList([], plain)).toBe('No incident on record.');
  });
});

describe('paint', () => {
  test.each([
    ['a terminal has colours', true, { TERM: 'xterm' }, coloured],
    ['a pipe has none', false, { TERM: 'xterm' }, plain],
    ['NO_COLOR takes them away', true, { TERM: 'xterm', NO_COLOR: '1' }, plain],
    ['an empty NO_COLOR does not', true, { TERM: 'xterm', NO_COLOR: '' }, coloured],
    ['a dumb terminal has none', true, { TERM: 'dumb' }, plain],
  ] as const)('%s', (_says, isTerminal, env, paint) => {
    expect(paintFor(isTerminal, env)).toBe(paint);
  });
});

test('wrapped text never loses a word, and only a command may be longer than the line', () => {
  const text = `${'word '.repeat(40)}\`${'x'.repeat(90)} y\` end`;
  const wrapped = wrapText(text, '     ');
  expect(wrapped.replaceAll(/\s+/g, ' ')).toBe(text.replaceAll(/\s+/g, ' '));
  expect(wrapped.split('\n').filter((line) => line.length > 80)).toHaveLength(1);
});
