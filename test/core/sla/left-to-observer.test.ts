/** One outage, one record, where an observer has claimed it: what a member with PostgreSQL tells its own recorder then. */
import { describe, expect, test } from 'vitest';
import { leftToObserver } from '../../../src/core/sla/left-to-observer.ts';
import { newRecorder, recordFact, type RecorderFact } from '../../../src/core/sla/recorder.ts';
import type { Incident } from '../../../src/core/sla/incident.ts';
import { memberName } from '../../../src/core/units.ts';
import { accepting, at, awaiting, declared, healed, won, writeFailed, writeOk } from './facts.ts';

/** The incidents that came of it, every version. */
function recorded(facts: readonly (RecorderFact | null)[]): readonly Incident[] {
  let state = newRecorder('domain-1', memberName('reading-b'));
  return facts.flatMap((fact) => {
    if (fact === null) return [];
    const step = recordFact(state, fact);
    state = step.state;
    return step.output.flatMap((output) => (output.kind === 'changed' ? [output.incident] : []));
  });
}
const elsewhere = (mono: number): RecorderFact => ({ kind: 'recorded-elsewhere', ...at(mono) });

describe('what would open a record opens none', () => {
  const rows: readonly (readonly [says: string, facts: readonly RecorderFact[]])[] = [
    ['a rule that declares', [writeOk(0), declared(100, 'restart-in-place')]],
    ['a takeover that was decided on and is won', [writeOk(0), awaiting(100), won(200)]],
    ['a leadership that was won by no rule', [writeOk(0), won(200)]],
    ['writes that fail for long', [writeOk(0), writeFailed(100), writeFailed(5_000)]],
  ];
  test.each(rows)('%s', (_says, facts) => {
    expect(recorded(facts)).not.toEqual([]);
    expect(recorded(facts.map(leftToObserver))).toEqual([]);
  });
});

test('what happens after the observer is done is the member’s to record again', () => {
  const incidents = recorded([
    leftToObserver(won(200)),
    accepting(210),
    writeOk(300, 'reading-b'),
    writeFailed(400, 'reading-b'),
    writeFailed(2_500, 'reading-b'),
  ]);
  expect(incidents).toMatchObject([{ kind: 'outage-without-failover', oldLeader: { member: 'reading-b' } }]);
});

describe('what a member had begun to record', () => {
  test('is superseded while it has no end', () => {
    const versions = recorded([writeOk(0), declared(100), elsewhere(9_000), leftToObserver(won(9_100))]);
    expect(versions.at(-1)).toMatchObject({ state: 'closed', closedBecause: 'superseded', phases: { outage: null } });
    expect(new Set(versions.map(({ id }) => id)).size).toBe(1);
  });
  test('goes on where service was back: that outage is another one', () => {
    const versions = recorded([
      writeOk(0),
      declared(100),
      won(200),
      accepting(250),
      writeOk(300, 'reading-b'),
      elsewhere(9_000),
    ]);
    expect(versions.at(-1)).toMatchObject({ state: 'open', phases: { outage: 300 } });
  });
  test('a doubt is forgotten: it is no near miss', () => {
    expect(recorded([writeOk(0), writeFailed(100), elsewhere(200), healed(300)])).toEqual([]);
  });
});

test('an observer’s own doubt lasts as long as it may open nothing, and begins when the first write failed', () => {
  const [incident] = recorded([
    writeOk(0),
    { ...writeFailed(100), opensNothing: true } as RecorderFact,
    { ...writeFailed(7_000), opensNothing: true } as RecorderFact,
    writeFailed(7_010),
  ]);
  expect(incident).toMatchObject({ instants: { t0: { monoMs: 0 }, t1: { monoMs: 100 }, t2: { monoMs: 7_010 } } });
});
