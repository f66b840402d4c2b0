/** Which errors of the server are signs of life to a probe, and which say that it serves nobody. */
import { expect, test } from 'vitest';
import { SessionFailure } from '../../src/adapters/postgres/failure.ts';
import { probeOutcome } from '../../src/adapters/postgres/probe.ts';

const cases: readonly (readonly [says: string, sqlState: string, outcome: 'ok' | 'unreachable'])[] = [
  ['too many clients', '53300', 'ok'],
  ['a wrong password', '28P01', 'ok'],
  ['no line in pg_hba.conf', '28000', 'ok'],
  ['it starts up', '57P03', 'unreachable'],
  ['it shuts down', '57P01', 'unreachable'],
  ['its disk is read-only', '42501', 'unreachable'],
  ['its disk fails', '58030', 'unreachable'],
  ['a file of it is gone', '58P01', 'unreachable'],
];
for (const [says, sqlState, outcome] of cases)
  test(`${says}: ${outcome}`, () => {
    expect(probeOutcome(new SessionFailure('answered', says, sqlState))).toBe(outcome);
  });
