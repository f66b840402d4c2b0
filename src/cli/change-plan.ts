/** What a switchover or failover will do and may cost, worked out from the status before anybody is asked. */
import type { Explanation } from '../core/explain.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { RequestDraft } from '../ports/daemon-face.ts';
import type { MemberStatus, Status } from '../core/status.ts';
import { formatBytes } from './format-bytes.ts';
import { type Failure, refused, usage } from './failure.ts';

export interface ChangeAsked {
  readonly kind: 'switchover' | 'failover';
  /** Null: the best standby, by name. */
  readonly candidate: string | null;
  readonly allowDataLoss: boolean;
  readonly oldPrimaryIsFenced: boolean;
}

export interface ChangePlan {
  readonly kind: RequestDraft['kind'];
  readonly cluster: string;
  readonly leader: string | null;
  readonly term: number | null;
  readonly candidate: string;
  readonly steps: readonly string[];
  /** What may be lost, one sentence. */
  readonly loss: string;
  readonly losesNothing: boolean;
  readonly allowDataLoss: boolean;
  readonly oldPrimaryIsFenced: boolean;
}

/** A plan, or the first precondition that does not hold as far as the status shows. The daemon checks them all again. */
export function planChange(
  asked: ChangeAsked,
  status: Status,
  explanation: Explanation | null,
): Result<ChangePlan, Failure> {
  return asked.kind === 'switchover' ? planSwitchover(asked, status) : planFailover(asked, status, explanation);
}

function planSwitchover(asked: ChangeAsked, status: Status): Result<ChangePlan, Failure> {
  const { cluster, leader, term } = status;
  if (leader === null)
    return err(
      refused(
        'leader-present',
        `Nobody leads ${cluster}: there is nothing to switch over.`,
        'See who could lead with `baton explain`, then `baton failover --candidate M`.',
      ),
    );
  const chosen = chooseCandidate(asked.candidate, status);
  if (!chosen.ok) return chosen;
  const candidate = chosen.value;
  const unfit = unfitness(candidate, status);
  if (unfit !== null) return err(unfit);
  return ok({
    kind: 'switchover',
    cluster,
    leader,
    term,
    candidate: candidate.name,
    steps: [
      `${leader} writes a checkpoint, then stops its PostgreSQL: connections are closed, writes pause`,
      `${candidate.name} (${candidate.location}) receives the rest of the WAL, takes over the lease and is promoted`,
      `${leader} comes back as its standby; if the hand-over cannot finish, ${leader} is primary again`,
    ],
    loss: 'Nothing is lost: the candidate must have all of it before it is promoted.',
    losesNothing: true,
    allowDataLoss: false,
    oldPrimaryIsFenced: false,
  });
}

function planFailover(
  asked: ChangeAsked,
  status: Status,
  explanation: Explanation | null,
): Result<ChangePlan, Failure> {
  const { cluster, leader, term } = status;
  if (asked.candidate === null)
    return err(
      usage(
        'A failover is to a member that you name.',
        `Repeat with --candidate M; the members are: ${names(status)}.`,
      ),
    );
  const candidate = status.members.find((member) => member.name === asked.candidate);
  if (candidate === undefined) return err(notAMember(asked.candidate, status));
  if (candidate.name === leader) return err(leadsAlready(candidate.name, cluster));
  if (candidate.role === 'observer') return err(hasNoData(candidate.name));
  const complete = hasEverything(candidate, status, explanation);
  const loss = lossOf(candidate, status, complete);
  if (!complete && !asked.allowDataLoss)
    return err(
      refused(
        'no-loss',
        loss,
        `${lossless(status)}To accept the loss, repeat with --allow-data-loss (--yes does not accept it).`,
      ),
    );
  const unseen = unseenPrimary(candidate, status);
  if (!complete && !asked.oldPrimaryIsFenced && unseen !== null)
    return err(
      refused(
        'old-primary-fenced',
        `${unseen} cannot be reached, so nobody here can see that its PostgreSQL has stopped: two primaries could take writes.`,
        'Make sure that its PostgreSQL is stopped or its host is off, then repeat with --old-primary-is-fenced.',
      ),
    );
  return ok({
    kind: 'failover',
    cluster,
    leader,
    term,
    candidate: candidate.name,
    steps: [
      leader === null
        ? 'nobody leads: there is no primary to stop'
        : `${leader} is fenced: its PostgreSQL is killed, connections break`,
      `${candidate.name} (${candidate.location}) takes the lease and is promoted`,
      leader === null
        ? 'the old primary rejoins as a standby when it is back'
        : `${leader} rejoins as a standby; what it has beyond the fork is copied aside first`,
    ],
    loss,
    losesNothing: complete,
    allowDataLoss: asked.allowDataLoss,
    oldPrimaryIsFenced: asked.oldPrimaryIsFenced,
  });
}

function chooseCandidate(wanted: string | null, status: Status): Result<MemberStatus, Failure> {
  if (wanted !== null) {
    const member = status.members.find((each) => each.name === wanted);
    return member === undefined ? err(notAMember(wanted, status)) : ok(member);
  }
  const fit = status.members.filter((member) => unfitness(member, status) === null);
  const best = fit.toSorted((a, b) => lagOf(a) - lagOf(b) || (a.name < b.name ? -1 : 1))[0];
  if (best !== undefined) return ok(best);
  return err(
    refused(
      'candidate-ready',
      `No standby of ${status.cluster} is ready to take over.`,
      'See why, and what would mend it, with `baton explain`.',
    ),
  );
}

/** Why a member cannot take part in a planned hand-over; null when the status shows nothing against it. */
function unfitness(candidate: MemberStatus, status: Status): Failure | null {
  if (candidate.name === status.leader) return leadsAlready(candidate.name, status.cluster);
  if (candidate.role === 'observer') return hasNoData(candidate.name);
  if (candidate.state !== 'streaming')
    return refused(
      'candidate-ready',
      `${candidate.name} is not streaming from ${status.leader}: it is ${candidate.state}.`,
      'Wait until `baton status` shows it streaming; `baton explain` says what it waits for.',
    );
  if (status.synchronous.mode !== 'off' && !candidate.synchronous)
    return refused(
      'candidate-eligible',
      `${candidate.name} is not synchronous: it may lack acknowledged commits, and a switchover loses none.`,
      'Wait until `baton status` shows it as sync, or take another candidate.',
    );
  return null;
}

/**
 * Whether every acknowledged commit is known to be on the candidate. The status does not tell which copy of the data
 * `sync` names, nor who claimed last: the daemon's explanation does.
 */
function hasEverything(candidate: MemberStatus, { synchronous }: Status, explanation: Explanation | null): boolean {
  if (synchronous.mode === 'off') return false;
  const explained = explanation?.members.find((member) => member.name === candidate.name);
  const eligible = explained?.conditions.find((each) => each.condition === 'eligible');
  return eligible?.holds ?? synchronous.standbys.includes(candidate.name);
}

/** A sentence, because it is shown by itself too. */
function lossOf(candidate: MemberStatus, status: Status, complete: boolean): string {
  if (complete) return `Nothing is lost: every acknowledged commit is on ${candidate.name} too.`;
  const lag = candidate.lagBytes;
  const seen =
    lag === null ? 'how much is not known' : `${formatBytes(lag)} of WAL when last seen, and what was committed since`;
  const why =
    status.synchronous.mode === 'off'
      ? `Replication to ${candidate.name} is asynchronous, so it may lack acknowledged commits`
      : `Commits do not wait for ${candidate.name}, so it may lack acknowledged ones`;
  return `${why}: ${seen}.`;
}

const lossless = (status: Status): string => {
  const safe = status.synchronous.mode === 'off' ? [] : status.synchronous.standbys;
  return safe.length === 0 ? '' : `Without loss: --candidate ${safe.join(' or ')}. `;
};

const lagOf = (member: MemberStatus): number => member.lagBytes ?? Number.MAX_SAFE_INTEGER;
const names = (status: Status): string =>
  status.members.flatMap(({ name, role }) => (role === 'observer' ? [] : [name])).join(', ');

/**
 * Who may still be a primary that nobody sees: the leader without a living daemon, or, when nobody leads, any such
 * member (a leader that nobody can replace may go on without etcd, I6). Null when there is none.
 */
function unseenPrimary(candidate: MemberStatus, { leader, members }: Status): string | null {
  const others = members.filter(
    (member) =>
      member.name !== candidate.name && member.role !== 'observer' && (leader === null || member.name === leader),
  );
  if (others.length === 0) return leader ?? 'The old primary';
  return others.find((member) => member.state === 'gone' || member.state === 'malformed')?.name ?? null;
}

const notAMember = (name: string, status: Status): Failure =>
  refused(
    'candidate-registered',
    `${status.cluster} has no member "${name}" now.`,
    `Its members are: ${names(status)}.`,
  );

const hasNoData = (name: string): Failure =>
  refused(
    'candidate-has-data',
    `${name} is an observer: it has no PostgreSQL to promote.`,
    'Name a member that has one; `baton status` shows the roles.',
  );

const leadsAlready = (name: string, cluster: string): Failure =>
  refused('candidate-is-not-leader', `${name} leads ${cluster} already.`, 'Nothing to do; see `baton status`.');
