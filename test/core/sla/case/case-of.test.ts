import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caseState, openQuestions } from '../../../../src/core/sla/case/case.ts';
import { type CaseAct, entryId, wallOfEntryId } from '../../../../src/core/sla/case/case-entry.ts';
import { caseOf } from '../../../../src/core/sla/case/case-of.ts';
import { considered } from '../../../../src/core/sla/case/draft.ts';
import {
  acknowledged,
  action,
  amendment,
  cause,
  closed,
  done,
  entry,
  incident2008,
  looked,
  note,
  promises,
  review,
  signedOff,
} from './a-case.ts';

const wall = (hours: string) => `2008-04-24T${hours}:00.000Z`;
const said = (held: ReturnType<typeof caseOf>) =>
  held.incident.verdicts.map(({ contract, outcome }) => `${contract}: ${outcome.kind}`);

describe('a case', () => {
  test('goes from acknowledged over reviewed to signed off, and says who and when', () => {
    const states = closed.map((_, at) => caseState(caseOf(incident2008, closed.slice(0, at))));
    expect([caseState(caseOf(incident2008, [])), states.at(1), caseState(caseOf(incident2008, looked))]).toEqual([
      'not acknowledged',
      'acknowledged',
      'reviewed',
    ]);
    const held = caseOf(incident2008, closed);
    expect(held).toMatchObject({
      acknowledged: { by: 'ada@slough-a', at: wall('11:59'), note: 'on my way' },
      actions: [{ number: 1, by: 'carol@reading-b', owner: 'bob', due: '2008-05-01', done: { by: 'bob@reading-b' } }],
      signedOff: { by: 'dan@slough-a' },
      outOfPlace: [],
      entries: closed.length,
    });
    expect(openQuestions(held)).toEqual([]);
    expect(caseState(held)).toBe('signed off');
  });

  test('keeps the causes that were given before', () => {
    const better: CaseAct = { kind: 'cause', trigger: 'a cleaner', rootCause: 'the plug', factors: [] };
    const held = caseOf(incident2008, [entry(0, cause), entry(1, better)]);
    expect([held.cause?.rootCause, held.causesBefore.map(({ rootCause }) => rootCause)]).toEqual([
      'the plug',
      ['one power feed for both paths'],
    ]);
  });

  test('keeps what could not be let in at its place, without effect', () => {
    const held = caseOf(incident2008, [entry(0, acknowledged), entry(1, acknowledged, 'bob@reading-b')]);
    expect(held.acknowledged?.by).toBe('ada@slough-a');
    expect(held.outOfPlace).toMatchObject([{ entry: { by: 'bob@reading-b' }, why: expect.stringMatching(/^ada@/) }]);
  });

  test('is the same in whatever order its entries arrive, and keeps every one of them', () => {
    const asked = [entry(3, action), entry(4, action)];
    const acts: fc.Arbitrary<CaseAct> = fc.oneof(
      ...[acknowledged, note, cause, action, review, signedOff].map((act) => fc.constant(act)),
      ...asked.map((one) => fc.constant(done(one))),
      fc.constant(amendment([['loss.bytesMax', 0, 4096]])),
      fc.constant(amendment([['loss.bytesMax', 4096, 8192]])),
      fc.constant(amendment([['instants.t7', incident2008.instants.t7?.wall, wall('09:10')]])),
    );
    const entries = fc
      .uniqueArray(fc.tuple(fc.nat(40), acts), { selector: ([at]) => at, maxLength: 20 })
      .map((pairs) => pairs.map(([at, what]) => entry(at, what)));
    fc.assert(
      fc.property(
        entries.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          const held = caseOf(incident2008, all);
          expect(caseOf(incident2008, shuffled)).toEqual(held);
          const { notes, actions, reviews, amendments, outOfPlace, causesBefore } = held;
          const kept =
            notes.length +
            actions.length +
            reviews.length +
            amendments.length +
            outOfPlace.length +
            causesBefore.length;
          const ones = [held.acknowledged, held.cause, held.signedOff].filter((one) => one !== null).length;
          const doneCount = actions.filter((one) => one.done !== null).length;
          expect(kept + ones + doneCount + held.signOffsBefore.length).toBe(all.length);
        },
      ),
    );
  });

  test('an action is told done by its number, and a number that is none is refused', () => {
    const held = caseOf(incident2008, [entry(3, action)]);
    const at = entry(5, note).at;
    expect(considered(held, { kind: 'action-done', number: 1, note: '' }, promises, at)).toMatchObject({
      value: { kind: 'action-done', action: entry(3, action).id },
    });
    expect(considered(held, { kind: 'action-done', number: 2, note: '' }, promises, at)).toMatchObject({
      error: { rule: 'action-known' },
    });
  });

  test('the id of an entry is its instant', () => {
    const id = entryId(Date.parse('2008-04-24T08:15:00.123Z'), '1f2e3d4c');
    expect(id).toBe('20080424T081500123Z-1f2e3d4c');
    expect(wallOfEntryId(id)).toBe(Date.parse('2008-04-24T08:15:00.123Z'));
    for (const odd of ['', 'x', '20081324T081500123Z-1f2e3d4c', '20080424T081500123Z-1f2e3d4', `${id}/x`])
      expect(wallOfEntryId(odd), odd).toBeNull();
  });
});

describe('an amendment', () => {
  const shorter = amendment([
    ['instants.t6', incident2008.instants.t6?.wall, wall('08:39')],
    ['instants.t7', incident2008.instants.t7?.wall, wall('08:40')],
  ]);

  test('has the contracts asked again, keeps what they said, and opens the sign-off', () => {
    expect(said(caseOf(incident2008, closed))).toEqual(['hospital-records: met', 'within-half-an-hour: breached']);
    const held = caseOf(incident2008, [...closed, entry(70, shorter, 'eve@slough-a')]);
    expect(said(held)).toEqual(['hospital-records: met', 'within-half-an-hour: met']);
    expect(held.incident.phases).toMatchObject({ detection: 1_800_000, outage: 1_500_000, exposure: 8_340_000 });
    expect(held.incident.phases).toMatchObject({ promotion: null, routing: 60_000 });
    expect(held.incident.affectedSites[0]).toMatchObject({ downFrom: wall('08:15'), downUntil: wall('08:40') });
    expect(held.incident.instants.t7).toMatchObject({
      measured: false,
      uncertaintyMs: null,
      by: 'amended by eve@slough-a',
    });
    expect(held.incident.amendments).toHaveLength(2);
    expect(held.incident.amendments).toContainEqual({
      at: entry(70, note).at,
      by: 'eve@slough-a',
      field: 'instants.t7',
      from: `"${wall('08:59')}"`,
      to: `"${wall('08:40')}"`,
      reason: "the trust's own log",
    });
    expect(held.amendments[0]?.verdictsBefore).toEqual(incident2008.verdicts);
    expect([held.signedOff, held.signOffsBefore.length, caseState(held)]).toEqual([null, 1, 'acknowledged']);
    expect(openQuestions(held)).toEqual(['nobody has reviewed it since it was amended: baton incident review']);
    expect(incident2008.phases.outage).toBe(2_640_000);
  });

  test('of the beginning leaves every other instant where it was on the wall', () => {
    const sooner = amendment([['instants.t0', incident2008.instants.t0?.wall, wall('08:05')]]);
    const { incident } = caseOf(incident2008, [entry(0, sooner)]);
    expect(incident.phases).toEqual({ ...incident2008.phases, detection: 2_400_000, outage: 3_240_000 });
    expect(incident.instants.t7).toEqual({ ...incident2008.instants.t7, monoMs: 3_240_000 });
  });

  test('to a beginning that nobody knows makes what follows from it unknown', () => {
    const { incident } = caseOf(incident2008, [
      entry(0, amendment([['instants.t0', incident2008.instants.t0?.wall, null]])),
    ]);
    expect(incident.phases).toEqual({ ...incident2008.phases, detection: null, outage: null });
    expect(incident.verdicts.map(({ outcome }) => outcome.kind)).toEqual(['unmeasured', 'unmeasured']);
  });

  test('of the loss is no proof, and takes the other bound with it where that rested on none', () => {
    const { incident } = caseOf(incident2008, [entry(0, amendment([['loss.bytesMax', 0, 4096]]))]);
    expect(incident.loss).toEqual({
      ...{ bytesMax: 4096, timeMsMax: null, provedNone: false },
      basis: "amended by ada@slough-a: the trust's own log",
    });
    expect(incident.amendments.map(({ field }) => field)).toEqual(['loss.bytesMax', 'loss.basis']);
  });

  test('of the sites leaves out the contracts of the others', () => {
    const ids = incident2008.affectedSites.map(({ id }) => id);
    const { incident } = caseOf(incident2008, [entry(0, amendment([['affectedSites', ids, ['wexham']]]))]);
    expect(incident.affectedSites).toMatchObject([{ id: 'wexham', downFrom: wall('08:15') }]);
    expect(incident.verdicts.map(({ sites }) => sites)).toEqual([['wexham'], ['wexham']]);
    const none = caseOf(incident2008, [entry(0, amendment([['affectedSites', ids, []]]))]);
    expect(none.incident.verdicts).toEqual([]);
  });

  test('of words asks no contract', () => {
    const held = caseOf(incident2008, [
      entry(0, { ...amendment([['trigger', 'host-silent', 'switch-failed']]), terms: null } as CaseAct),
    ]);
    expect(held.incident).toMatchObject({ trigger: 'switch-failed', verdicts: incident2008.verdicts });
    expect(held.amendments[0]?.verdictsBefore).toBeNull();
  });

  test('lets the verdict of a contract that is not configured any more stand, and says so', () => {
    const gone = { ...shorter, terms: { ...promises, contracts: promises.contracts.slice(0, 1) } } as CaseAct;
    const held = caseOf(incident2008, [entry(0, gone)]);
    expect(said(held)).toEqual(['hospital-records: met', 'within-half-an-hour: breached']);
    expect(held.amendments[0]?.notRecomputed).toEqual(['within-half-an-hour, version 1']);
  });

  test('carries the terms only when something is changed that they compare', () => {
    const held = caseOf(incident2008, []);
    const at = entry(5, note).at;
    const drafted = (field: string, from: unknown, to: unknown) =>
      considered(
        held,
        { kind: 'amended', reason: 'r', changes: [{ field, from: JSON.stringify(from), to: JSON.stringify(to) }] },
        promises,
        at,
      );
    expect(drafted('loss.timeMsMax', 0, 5)).toMatchObject({ value: { terms: { contracts: promises.contracts } } });
    expect(drafted('because', 'slough-a is silent', 'it was unplugged')).toMatchObject({ value: { terms: null } });
  });

  test('of the same value by two people at once counts once, and the other one is kept', () => {
    const one = entry(0, amendment([['loss.bytesMax', 0, 1]]));
    const other = entry(1, amendment([['loss.bytesMax', 0, 2]]), 'bob@reading-b');
    const held = caseOf(incident2008, [other, one]);
    expect([held.incident.loss.bytesMax, held.outOfPlace.length]).toEqual([1, 1]);
  });
});
