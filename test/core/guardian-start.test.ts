import { describe, expect, test } from 'vitest';
import { judgeStart, type StartMarks, type StartRequest } from '../../src/core/guardian-start.ts';
import type { GuardianState } from '../../src/core/guardian-state.ts';
import { leaseId, monoMs, revision } from '../../src/core/units.ts';
import { aGuardian, down, heldFor, leads, nowMono, provedFor, running, term } from '../support/guardian-state.ts';

const primary = (under: number | null = term): StartRequest => ({
  as: 'primary',
  term: under === null ? null : revision(under),
});
const standby: StartRequest = { as: 'standby', term: null };
const marks = (but: Partial<StartMarks> = {}): StartMarks => ({ standbySignal: false, unstartable: false, ...but });
const signal = marks({ standbySignal: true });
const stopped = (but: Partial<GuardianState> = {}) => aGuardian({ child: down, ...but });
const another = { ...heldFor(100), leaseId: leaseId('5') } as GuardianState['lease'];
const none = { kind: 'none', retryAtMono: monoMs(0) } as const;

const rows: readonly (readonly [
  says: string,
  state: GuardianState,
  request: StartRequest,
  marks: StartMarks,
  allowed: boolean,
])[] = [
  ['a standby starts with standby.signal', stopped({ leading: null }), standby, signal, true],
  ['without it, it would be a primary', stopped({ leading: null }), standby, marks(), false],
  ['a standby needs no lease', stopped({ leading: null, lease: none }), standby, signal, true],
  [
    'nothing starts on an interrupted rewind',
    stopped(),
    standby,
    marks({ standbySignal: true, unstartable: true }),
    false,
  ],
  ['no primary either', stopped(), primary(), marks({ unstartable: true }), false],
  ['a primary starts in the term it leads', stopped(), primary(), marks(), true],
  ['a primary starts in a term told with the start', stopped({ leading: null }), primary(8), marks(), true],
  ['a newer term is of the lease held now', stopped({ lease: another }), primary(8), marks(), true],
  ['the term told before is of the lease of then', stopped({ lease: another }), primary(), marks(), false],
  ['a primary needs a term', stopped(), primary(null), marks(), false],
  ['a term that is over is refused', stopped(), primary(6), marks(), false],
  ['a primary needs a lease', stopped({ lease: none }), primary(), marks(), false],
  ['within its deadline', stopped({ lease: heldFor(4_500) }), primary(), marks(), false],
  ['or proved commits', stopped({ lease: heldFor(4_500), leading: provedFor(100) }), primary(), marks(), true],
  [
    'or nobody else who is eligible',
    stopped({ lease: none, leading: leads({ kind: 'nobody-eligible' }) }),
    primary(),
    marks(),
    true,
  ],
  [
    'not after a sleep past the deadline',
    stopped({ bootAheadMs: 4_400, suspendSeenMono: nowMono, leading: leads({ kind: 'nobody-eligible' }) }),
    primary(),
    marks(),
    false,
  ],
  ['one postgres at a time', aGuardian({ child: running() }), primary(), marks(), false],
  ['nothing starts into a fence', stopped({ fencing: true }), primary(), marks(), false],
  [
    'nothing starts before the leftovers were looked for',
    stopped({ child: { kind: 'unknown' } }),
    primary(),
    marks(),
    false,
  ],
  ['nothing starts while the guardian terminates', stopped({ terminatingSinceMono: nowMono }), standby, signal, false],
];

describe('a start', () => {
  for (const [says, state, request, found, allowed] of rows) {
    test(`${says}: ${allowed ? 'allowed' : 'refused'}`, () => {
      expect(judgeStart(state, request, found, nowMono).ok).toBe(allowed);
    });
  }
});
