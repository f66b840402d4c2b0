/** What may be added to a case in which state: a row for every rule, and for what each lets through. */
import { describe, expect, test } from 'vitest';
import type { CaseAct, CaseEntry } from '../../../../src/core/sla/case/case-entry.ts';
import { caseOf } from '../../../../src/core/sla/case/case-of.ts';
import { CASE_RULES, type CaseRule, mayAdd } from '../../../../src/core/sla/case/may-add.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
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
  review,
  signedOff,
} from './a-case.ts';

const open = { ...incident2008, state: 'open', closedBecause: null } as const;
const t7 = incident2008.instants.t7?.wall;
const later = '2008-04-24T09:10:00.000Z';
const asked = entry(1, action);
const many = Array.from({ length: 1_000 }, (_, at) => entry(at, note));

type Row = readonly [says: string, entries: readonly CaseEntry[], what: CaseAct, rule: CaseRule | null, Incident?];
const rows: readonly Row[] = [
  ['a note, at once', [], note, null],
  ['a note while it goes on', [], note, null, open],
  ['a note when there are a thousand entries', many, note, 'room'],
  ['an acknowledgement while it goes on', [], acknowledged, null, open],
  ['a second acknowledgement', [entry(0, acknowledged)], acknowledged, 'not-acknowledged'],
  ['a cause, also a second one', [entry(0, cause)], cause, null],
  ['an action due today', [], { ...action, due: '2008-04-24' } as CaseAct, null],
  ['an action that was due yesterday', [], { ...action, due: '2008-04-23' } as CaseAct, 'due-ahead'],
  ['that an action is done', [asked], done(asked), null],
  ['that an action is done which nobody asked for', [asked], done(entry(2, action)), 'action-known'],
  ['that an action is done which is', [asked, entry(2, done(asked))], done(asked), 'action-not-done'],
  ['a review', [], review, null],
  ['a review while it goes on', [], review, 'incident-closed', open],
  ['a sign-off of what was looked at', looked, signedOff, null],
  ['a sign-off without a cause', [entry(0, review)], signedOff, 'questions-answered'],
  ['a sign-off without a review', [entry(0, cause)], signedOff, 'questions-answered'],
  ['a sign-off with an action to be done', [entry(0, cause), asked, entry(2, review)], signedOff, 'questions-answered'],
  [
    'a sign-off of what was amended after its review',
    [...looked, entry(55, amendment([['trigger', 'host-silent', 'switch-failed']]))],
    signedOff,
    'questions-answered',
  ],
  ['a note after the sign-off', closed, note, 'not-signed-off'],
  ['an action done after the sign-off', closed, done(asked), 'not-signed-off'],
  ['a second sign-off', closed, signedOff, 'not-signed-off'],
  ['an amendment after the sign-off', closed, amendment([['loss.bytesMax', 0, 4096]]), null],
  ['an amendment without a reason', closed, amendment([['loss.bytesMax', 0, 4096]], ' '), 'reason-given'],
  ['an amendment while it goes on', [], amendment([['loss.bytesMax', 0, 4096]]), 'incident-closed', open],
  ['an amendment of nothing', [], amendment([]), 'amendable'],
  ['an amendment of what was measured', [], amendment([['phases.outage', 2_640_000, 1]]), 'amendable'],
  ['an amendment to a negative loss', [], amendment([['loss.bytesMax', 0, -1]]), 'amendable'],
  [
    'an amendment of one field twice',
    [],
    amendment([
      ['loss.bytesMax', 0, 1],
      ['loss.bytesMax', 0, 2],
    ]),
    'amendable',
  ],
  ['an amendment of a value that is another by now', [], amendment([['loss.bytesMax', 7, 4096]]), 'value-as-seen'],
  ['an amendment to what it says already', [], amendment([['loss.bytesMax', 0, 0]]), 'changes-something'],
  [
    'an amendment to sites that are there',
    [],
    amendment([['affectedSites', incident2008.affectedSites.map(({ id }) => id), ['wexham']]]),
    null,
  ],
  [
    'an amendment to a site that nobody knows',
    [],
    amendment([['affectedSites', incident2008.affectedSites.map(({ id }) => id), ['atlantis']]]),
    'site-known',
  ],
  ['an amendment of the end', [], amendment([['instants.t7', t7, later]]), null],
  [
    'an amendment to an end before the beginning',
    [],
    amendment([['instants.t7', t7, '2008-04-24T08:00:00.000Z']]),
    'times-in-order',
  ],
  [
    'an amendment to an end before it took writes',
    [],
    amendment([['instants.t7', t7, '2008-04-24T08:57:59.999Z']]),
    'times-in-order',
  ],
  [
    'an amendment to an end that is still to come',
    [],
    amendment([['instants.t8', incident2008.instants.t8?.wall, '2009-01-01T00:00:00.000Z']]),
    'times-in-order',
  ],
];

describe('of what people add, this is', () => {
  test.for(rows)('%s', ([, entries, what, rule, incident = incident2008]: Row) => {
    const refusal = mayAdd(caseOf(incident, entries), { at: entry(70, what).at, what });
    expect(refusal?.rule ?? null, refusal?.problem).toBe(rule);
    if (refusal !== null)
      expect([refusal.problem, refusal.mend]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
  });

  test('every rule has a row', () => {
    expect(CASE_RULES.filter((rule) => !rows.some(([, , , refused]) => refused === rule))).toEqual([]);
  });

  test('refused with who did it before, and when', () => {
    const held = caseOf(incident2008, [entry(0, acknowledged)]);
    expect(mayAdd(held, { at: entry(1, acknowledged).at, what: acknowledged })?.problem).toBe(
      'ada@slough-a acknowledged it at 2008-04-24T11:59:00.000Z',
    );
  });
});
