import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Incident } from '../../../src/core/sla/incident.ts';
import type { RecorderFact } from '../../../src/core/sla/recorder.ts';
import { memberName, monoMs, wallMs } from '../../../src/core/units.ts';
import {
  EPOCH,
  accepting,
  at,
  awaiting,
  declared,
  failover,
  fenced,
  fold,
  healed,
  plain,
  seen,
  suspected,
  won,
  writeFailed,
  writeOk,
} from './facts.ts';

const members = ['slough-a', 'reading-b', 'bracknell-c'] as const;
const place = (member: string) => ({ member, location: '' });
const kinds: readonly Incident['kind'][] = [
  'failover',
  'switchover',
  'forced-failover',
  'restart-in-place',
  'outage-without-failover',
];

/** Any fact at any time: monotonic instants may run backwards and have fractions. */
const anyFact: fc.Arbitrary<RecorderFact> = fc
  .record({
    mono: fc.double({ min: 0, max: 20_000, noNaN: true }),
    member: fc.constantFrom(...members),
    other: fc.constantFrom(...members),
    term: fc.integer({ min: 1, max: 20 }),
    incident: fc.constantFrom(...kinds),
    mode: fc.constantFrom('available', 'strict', 'off' as const),
    which: fc.integer({ min: 0, max: 17 }),
    earlier: fc.option(fc.integer({ min: -3000, max: 3000 })),
  })
  .map(({ mono, member, other, term, incident, mode, which, earlier }): RecorderFact => {
    const facts: readonly RecorderFact[] = [
      writeOk(mono, member),
      writeFailed(mono, member),
      suspected(mono),
      healed(mono),
      declared(mono, incident),
      awaiting(mono),
      { kind: 'called-off', ...at(mono), because: 'refused' },
      won(mono, term, place(member), place(other)),
      { ...won(mono, term, place(member), null), kind: 'leader-changed-elsewhere' } as RecorderFact,
      { ...seen(mode, place(member)), ...at(mono) } as RecorderFact,
      fenced(mono),
      { kind: 'noted', ...at(mono), says: 'a note' },
      plain('promotion-requested', mono),
      accepting(mono),
      plain('redundant', mono),
      plain('redundancy-lost', mono),
      {
        kind: 'last-write-bounds',
        ...at(mono),
        replayedCommitWall: earlier === null ? null : wallMs(EPOCH + mono + earlier),
        guardianExitMono: monoMs(mono + (earlier ?? 0)),
      },
      writeOk(mono, member, 'leader'),
    ];
    return facts[which] ?? facts[0]!;
  });

const scrambled = fc.array(anyFact, { maxLength: 60 });
/** A failover with facts of all kinds strewn into it: reaches the late states that pure noise seldom reaches. */
const disturbed = fc.array(fc.tuple(fc.nat({ max: failover.length }), anyFact), { maxLength: 8 }).map((extras) => {
  const facts = [...failover];
  for (const [index, fact] of extras) facts.splice(index, 0, fact);
  return facts;
});

/** Every version of every incident that any order of facts makes. */
function everyIncident(check: (incident: Incident, all: readonly Incident[], index: number) => void): number {
  let seenIncidents = 0;
  fc.assert(
    fc.property(fc.oneof(scrambled, disturbed), (facts) => {
      const { incidents } = fold(facts);
      seenIncidents += incidents.length;
      for (const [index, incident] of incidents.entries()) check(incident, incidents, index);
    }),
    { numRuns: 1500 },
  );
  return seenIncidents;
}

test('in any order of facts, no phase is negative and all are whole milliseconds', () => {
  const count = everyIncident(({ phases }) => {
    for (const duration of Object.values(phases))
      expect(duration === null || (Number.isInteger(duration) && duration >= 0)).toBe(true);
  });
  expect(count).toBeGreaterThan(3000);
});

test('in any order of facts, the outage is t7 - t0 whenever both are known, and unknown otherwise', () => {
  let known = 0;
  everyIncident(({ instants: { t0, t7 }, phases }) => {
    if (t0 !== null && t7 !== null) known += 1;
    expect(phases.outage).toBe(t0 === null || t7 === null ? null : (t7.monoMs as number) - (t0.monoMs as number));
  });
  expect(known).toBeGreaterThan(500);
});

test('in any order of facts, closing is final', () => {
  let closings = 0;
  everyIncident((incident, all, index) => {
    if (incident.state !== 'closed') return;
    closings += 1;
    expect(all.slice(index + 1).map(({ id }) => id)).not.toContain(incident.id);
  });
  expect(closings).toBeGreaterThan(500);
});

test('in any order of facts, an incident keeps its id while it is open and no two share one', () => {
  everyIncident((incident, all, index) => {
    const next = all[index + 1];
    if (next !== undefined && incident.state === 'open') expect(next.id).toBe(incident.id);
  });
});

test('a hostile length of facts keeps the record below 64 KiB', () => {
  const long = 'x'.repeat(100_000);
  const noise = Array.from(
    { length: 200 },
    (_, index): RecorderFact => ({
      kind: 'suspected',
      ...at(index),
      evidence: [{ id: index % 2 === 0 ? 'note' : 'E3', says: `${index} ${long}` }],
    }),
  );
  const cause = { ...declared(300), because: long, trigger: long } as RecorderFact;
  const { incident } = fold([seen(), writeOk(0), ...noise, cause, { ...fenced(310), how: long } as RecorderFact]);
  expect(JSON.stringify(incident).length).toBeLessThan(64 * 1024);
  expect(memberName(incident.recordedBy)).toBe('reading-b');
});
