import { expect, test } from 'vitest';
import type { EvidenceBundle } from '../../../../src/core/sla/evidence/bundle.ts';
import { silenceText } from '../../../../src/core/sla/evidence/evidence-text.ts';

const of = (member: string): EvidenceBundle => ({
  ...{ v: 1, incident: 'i', member, at: '2008-04-24T08:15:00.000Z', moment: 'outage', parts: [] },
});
const led = { oldLeader: { member: 'slough-a', location: '' }, newLeader: { member: 'reading-b', location: '' } };

test.each([
  ['of whoever led before and has kept nothing', led, ['reading-b'], 'Nothing was kept on slough-a: '],
  ['of both, when only another one has something', led, ['london-c'], 'Nothing was kept on slough-a and reading-b: '],
  ['not when both have something', led, ['reading-b', 'slough-a'], ''],
  ['not when nobody has anything: there is no evidence to be incomplete', led, [], ''],
  ['once where nobody else took over', { ...led, newLeader: led.oldLeader }, ['b'], 'Nothing was kept on slough-a: '],
  ['of nobody where nobody is known', { oldLeader: null, newLeader: null }, ['reading-b'], ''],
] as const)('the silence of a host is told: %s', (_says, places, members, begins) => {
  const text = silenceText(places, members.map(of));
  expect(text.slice(0, Math.max(begins.length, text === '' ? 0 : 1))).toBe(begins);
});
