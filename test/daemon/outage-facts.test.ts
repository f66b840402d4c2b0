import { expect, test } from 'vitest';
import type { Decision } from '../../src/core/decision.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { newRecorder, recordFact, type RecorderState } from '../../src/core/sla/recorder.ts';
import { monoMs, revision } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import { factsBetween, type Moment } from '../../src/daemon/outage-facts.ts';
import { a, absent, aPrimary, aState, aView, b, ledBy, now, present, sync } from '../core/a-view.ts';

const held = aState({ sync: present(sync(a, [b])) });
const free = { ...held, leader: absent };
const again = { ...held, leader: { ...ledBy('a'), modRevision: revision(200) } };

const campaign: Decision = { rule: 'campaign', because: 'the key is free and a claimed last', intents: [] };
const lead: Decision = { rule: 'lead', because: 'leading', intents: [] };

const moment = (afterMs: number, state: typeof held, decision: Decision, changes: Partial<View> = {}): Moment => ({
  view: { ...aView(aPrimary(), { state }), nowMono: monoMs(now + afterMs), ...changes },
  decision,
  note: null,
});

/** The newest version of each incident. */
function recorded(...moments: readonly Moment[]): readonly Incident[] {
  const incidents = new Map<string, Incident>();
  let state: RecorderState = newRecorder('domain-1', a);
  let before: Moment | null = null;
  for (const each of moments) {
    for (const fact of factsBetween(before, each)) {
      const step = recordFact(state, fact);
      state = step.state;
      for (const output of step.output)
        if (output.kind === 'changed') incidents.set(output.incident.id, output.incident);
    }
    before = each;
  }
  return [...incidents.values()];
}

test('a leader whose key vanished and who has it again, serving all the time, leaves no open incident', () => {
  const incidents = recorded(
    moment(0, held, lead),
    moment(100, free, campaign),
    moment(200, again, lead),
    moment(5_000, again, lead),
  );
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ state: 'closed', closedBecause: 'healed', rule: 'campaign' });
});

test('it is not closed by that when its postgres had ended', () => {
  const down: Partial<View> = { postgres: { kind: 'unknown' } };
  const incidents = recorded(
    moment(0, held, lead),
    moment(100, free, campaign, down),
    moment(200, again, lead, down),
    moment(5_000, again, lead, down),
  );
  expect(incidents.map(({ state }) => state)).toEqual(['open']);
});
