import { describe, expect, test } from 'vitest';
import type { Incident } from '../../../src/core/sla/incident.ts';
import { durationText, incidentText } from '../../../src/core/sla/timeline-text.ts';
import { judged } from '../../../src/core/sla/verdict.ts';
import { minute } from '../../../src/core/units.ts';
import {
  aContract,
  accepting,
  at,
  declared,
  failover,
  fenced,
  fold,
  plain,
  seen,
  sites,
  suspected,
  won,
  writeFailed,
  writeOk,
} from './facts.ts';

const contracts = [
  aContract(),
  aContract({
    id: 'heatherwood-wexham',
    customer: 'Heatherwood and Wexham Park Hospitals NHS Trust',
    sites: ['wexham', 'heatherwood', 'st-marks'],
    rtoMs: 200,
  }),
];
/** The morning of 24 April 2008 as it was: 44 minutes, commits not synchronous. */
const story = fold([
  seen('off'),
  writeOk(0),
  suspected(61),
  writeFailed(300),
  writeFailed(2400),
  declared(35 * minute, 'forced-failover', 'forced-take-over'),
  won(35 * minute + 8),
  fenced(35 * minute + 40),
  plain('promotion-requested', 35 * minute + 41),
  accepting(36 * minute),
  writeFailed(43 * minute, 'reading-b'),
  writeOk(44 * minute + 3_120, 'reading-b'),
  {
    kind: 'loss-known',
    ...at(44 * minute + 4000),
    loss: {
      bytesMax: 1_048_576,
      timeMsMax: 4200,
      provedNone: false,
      basis: 'the old primary had 1 MiB of WAL beyond the fork',
    },
  },
]).incident;
const running = fold([seen(), writeOk(0), suspected(61), declared(170), won(174)]).incident;
const hostile = {
  ...story,
  because: 'a\u001b[2Jb\u0007 '.repeat(40),
  evidence: [{ id: 'note' as const, says: 'x'.repeat(300) }],
  trigger: '\u202egnp.exe',
};

describe('an incident on a terminal', () => {
  test.each<[string, Incident]>([
    ['failover-closed', fold(failover).incident],
    ['forced-failover-exposed', story],
    ['failover-going-on', running],
  ])('looks like %s.txt', async (name, incident) => {
    await expect(`${incidentText(judged(incident, contracts, sites))}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test.each<[string, Incident]>([
    ['a failover', fold(failover).incident],
    ['the story', story],
    ['one going on', running],
    ['hostile texts', hostile],
    [
      'nothing known',
      {
        ...running,
        instants: { t0: null, t1: null, t2: null, t3: null, t4: null, t5: null, t6: null, t7: null, t8: null },
        oldLeader: null,
        newLeader: null,
        mode: null,
      },
    ],
  ])('has no line over 80 columns and nothing that steers the terminal: %s', (_what, incident) => {
    const text = incidentText(judged(incident, contracts, sites));
    expect(text.split('\n').filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
    expect(text).not.toMatch(/[\p{Cf}]|(?!\n)\p{Cc}/u);
  });

  test('says in full how sure an instant is, in a second line where the first has no room', () => {
    const { instants } = story;
    const t0 = { wall: '2008-04-24T08:15:00.000Z', monoMs: 0, measured: false, uncertaintyMs: 12_345, by: 'x' };
    const lines = incidentText({ ...story, instants: { ...instants, t0 } }).split('\n');
    const at = lines.findIndex((line) => line.startsWith('  t0  '));
    expect(`${lines[at]} ${lines[at + 1]?.trim()}`).toMatch(/inferred, <= 12,345 ms later$/);
    expect(lines[at + 1]?.search(/\S/)).toBe(lines[at]?.indexOf('inferred'));
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [1739, '1.739 s'],
  [59_999, '59.999 s'],
  [60_000, '1 min'],
  [2_643_120, '44 min 3 s'],
  [7_500_000, '2 h 5 min'],
])('%i ms is written %s', (duration, text) => {
  expect(durationText(duration)).toBe(text);
});
