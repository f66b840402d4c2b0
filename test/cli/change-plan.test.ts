import { describe, expect, test } from 'vitest';
import { type ChangeAsked, planChange } from '../../src/cli/change-plan.ts';
import { renderPlan } from '../../src/cli/render-change.ts';
import { plain } from '../../src/cli/terminal.ts';
import type { Explanation } from '../../src/core/explain.ts';
import type { Status } from '../../src/core/status.ts';
import { degradedStatus, healthyExplanation, healthyStatus, leaderlessStatus } from './fixtures.ts';

const asked = (change: Partial<ChangeAsked>): ChangeAsked => ({
  kind: 'switchover',
  candidate: null,
  allowDataLoss: false,
  oldPrimaryIsFenced: false,
  ...change,
});
const forced = (change: Partial<ChangeAsked>) => asked({ kind: 'failover', candidate: 'leeds-c', ...change });
const asynchronous: Status = {
  ...healthyStatus,
  synchronous: { mode: 'off', standbys: [] },
  members: healthyStatus.members.map((member) => ({ ...member, synchronous: false })),
};
/** slough-a is gone with its host and sync names it alone. */
const lost: Status = {
  ...leaderlessStatus,
  members: [...leaderlessStatus.members, ...healthyStatus.members.filter((member) => member.name === 'leeds-c')],
};

describe('a plan', () => {
  test.each<readonly [says: string, asked: ChangeAsked, status: Status, candidate: string, losesNothing: boolean]>([
    ['of a switchover takes the synchronous standby', asked({}), healthyStatus, 'reading-b', true],
    ['of a switchover in mode off takes the standby that lags least', asked({}), asynchronous, 'reading-b', true],
    [
      'of a switchover takes the candidate that was named',
      asked({ candidate: 'leeds-c' }),
      asynchronous,
      'leeds-c',
      true,
    ],
    [
      'of a failover to the synchronous standby loses nothing',
      forced({ candidate: 'reading-b' }),
      healthyStatus,
      'reading-b',
      true,
    ],
    ['of a failover that may lose commits says so', forced({ allowDataLoss: true }), healthyStatus, 'leeds-c', false],
    [
      'of a failover in mode off may lose commits',
      forced({ candidate: 'reading-b', allowDataLoss: true }),
      asynchronous,
      'reading-b',
      false,
    ],
    [
      'of a failover without an old primary needs both promises',
      forced({ allowDataLoss: true, oldPrimaryIsFenced: true }),
      lost,
      'leeds-c',
      false,
    ],
  ])('%s', (_says, request, status, candidate, losesNothing) => {
    expect(planChange(request, status, null)).toMatchObject({
      ok: true,
      value: { candidate, losesNothing, leader: status.leader, term: status.term },
    });
  });

  test.each<readonly [condition: string, when: string, asked: ChangeAsked, status: Status]>([
    ['leader-present', 'a switchover has nobody to hand over', asked({}), leaderlessStatus],
    ['candidate-ready', 'no standby is left', asked({}), degradedStatus],
    ['candidate-registered', 'the candidate is no member', asked({ candidate: 'bath-z' }), healthyStatus],
    ['candidate-is-not-leader', 'the candidate leads already', asked({ candidate: 'slough-a' }), healthyStatus],
    ['candidate-ready', 'the candidate is gone', asked({ candidate: 'reading-b' }), degradedStatus],
    ['candidate-eligible', 'a switchover would lose commits', asked({ candidate: 'leeds-c' }), healthyStatus],
    ['no-loss', 'a failover may lose commits and nobody accepted that', forced({}), healthyStatus],
    ['no-loss', 'replication is asynchronous and nobody accepted that', forced({}), asynchronous],
    ['old-primary-fenced', 'nobody can see the old primary', forced({ allowDataLoss: true }), lost],
    ['candidate-registered', 'a failover is to a stranger', forced({ candidate: 'bath-z' }), healthyStatus],
    ['candidate-is-not-leader', 'a failover is to the leader', forced({ candidate: 'slough-a' }), healthyStatus],
  ])('is refused for %s when %s, and says what to do', (condition, _when, request, status) => {
    const refused = planChange(request, status, null);
    expect(refused).toMatchObject({ ok: false, error: { exit: 3, code: condition, hint: expect.stringMatching(/./) } });
  });

  test('of a failover that would lose commits names the candidate that would not', () => {
    expect(planChange(forced({}), healthyStatus, null)).toMatchObject({
      error: { hint: expect.stringContaining('Without loss: --candidate reading-b.') },
    });
  });
});

describe('what the daemon knows of the candidate decides', () => {
  const explained = (holds: boolean): Explanation => ({
    ...healthyExplanation,
    members: [
      {
        name: 'reading-b',
        sees: [],
        rule: null,
        because: null,
        mayLead: false,
        conditions: [{ condition: 'eligible', holds, detail: '' }],
      },
    ],
  });
  test('the member that claimed last loses nothing, although it is not a standby that sync names', () => {
    const plan = planChange(forced({ candidate: 'reading-b' }), leaderlessStatus, explained(true));
    expect(plan).toMatchObject({ ok: true, value: { losesNothing: true } });
  });
  test('a member of which sync names another copy may lack commits', () => {
    const plan = planChange(forced({ candidate: 'reading-b' }), healthyStatus, explained(false));
    expect(plan).toMatchObject({ ok: false, error: { code: 'no-loss' } });
  });
});

describe('a forced failover while nobody leads', () => {
  const [leeds, reading, slough] = healthyStatus.members;
  const nobodyLeads = (...members: readonly (typeof leeds)[]): Status => ({
    ...leaderlessStatus,
    members: members.flatMap((member) => member ?? []),
  });
  const planned = (status: Status) => planChange(forced({ allowDataLoss: true }), status, null).ok;

  test('needs no word about the old primary when the daemon of every other member lives', () => {
    expect(planned(nobodyLeads(leeds, { ...slough!, state: 'crashed' }, reading))).toBe(true);
  });
  test('needs it when one is gone: that one may be the primary', () => {
    expect(planned(nobodyLeads(leeds, { ...slough!, state: 'gone' }, reading))).toBe(false);
  });
  test('needs it when no other member is known', () => {
    expect(planned(nobodyLeads(leeds))).toBe(false);
  });
});

describe('the plan as it is shown', () => {
  const shown = (request: ChangeAsked, status: Status, reason = '') => {
    const plan = planChange(request, status, null);
    if (!plan.ok) throw new Error(plan.error.problem);
    return renderPlan(plan.value, 'ada@slough-a', reason, plain);
  };

  test('of a switchover', () => {
    expect(shown(asked({}), healthyStatus, 'kernel update')).toBe(`\
Switchover of domain-1: slough-a (term 4711) -> reading-b

  1. slough-a writes a checkpoint, then stops its PostgreSQL: connections are
     closed, writes pause
  2. reading-b (reading) receives the rest of the WAL, takes over the lease and
     is promoted
  3. slough-a comes back as its standby; if the hand-over cannot finish,
     slough-a is primary again

Loss:   Nothing is lost: the candidate must have all of it before it is
        promoted.
By:     ada@slough-a
Reason: kernel update`);
  });

  test('of a failover that may lose commits', () => {
    expect(shown(forced({ allowDataLoss: true }), healthyStatus)).toBe(`\
Failover of domain-1: slough-a (term 4711) -> leeds-c

  1. slough-a is fenced: its PostgreSQL is killed, connections break
  2. leeds-c (leeds) takes the lease and is promoted
  3. slough-a rejoins as a standby; what it has beyond the fork is copied aside
     first

Loss:   Commits do not wait for leeds-c, so it may lack acknowledged ones: 4.3
        MiB of WAL when last seen, and what was committed since.
You say that commits may be lost.
By:     ada@slough-a
Reason: none given (--reason)`);
  });
});
