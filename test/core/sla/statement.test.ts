import { expect, test } from 'vitest';
import { statementText } from '../../../src/core/sla/statement.ts';
import { sites } from './facts.ts';

const began = { from: Date.parse('2008-04-24T08:15:00Z'), service: 'the hospital records system' };

test.each([
  [
    'it is over',
    { ...began, until: Date.parse('2008-04-24T08:59:00Z'), sites },
    'There was an incident from 09:15 until 09:59 on 24 April 2008, affecting users of the hospital records system ' +
      "in Royal Berkshire, Wexham Park, Heatherwood and St Mark's, Maidenhead.",
  ],
  [
    'it lasts',
    { ...began, until: null, sites: sites.slice(0, 1) },
    'There has been an incident since 09:15 on 24 April 2008, affecting users of the hospital records system ' +
      'in Royal Berkshire. It is being worked on.',
  ],
  [
    'it went on past midnight',
    { ...began, until: Date.parse('2008-04-24T23:30:00Z'), sites: [] },
    'There was an incident from 09:15 on 24 April 2008 until 00:30 on 25 April 2008, affecting users of the hospital ' +
      'records system.',
  ],
  [
    'it was short',
    { ...began, until: Date.parse('2008-04-24T08:15:12.400Z'), sites: sites.slice(0, 1) },
    'There was an incident for 12 seconds at 09:15 on 24 April 2008, affecting users of the hospital records system ' +
      'in Royal Berkshire.',
  ],
  [
    'it was over at once',
    { ...began, until: began.from + 281, sites: [] },
    'There was an incident for less than a second at 09:15 on 24 April 2008, affecting users of the hospital records system.',
  ],
  [
    'it was as short around midnight',
    { ...began, from: Date.parse('2008-04-24T22:59:59Z'), until: Date.parse('2008-04-24T23:00:00Z'), sites: [] },
    'There was an incident for 1 second at 23:59 on 24 April 2008, affecting users of the hospital records system.',
  ],
])('what the public is told when %s', (_says, disruption, text) => {
  expect(statementText(disruption, 'Europe/London')).toBe(text);
});
