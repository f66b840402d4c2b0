/**
 * What the recorder is told between one view and the next: who leads, what is doubted, what was declared, won, promoted
 * and made redundant. Pure: the record can be made again from a journal.
 */
import type { ClusterState } from '../core/cluster.ts';
import { eligible, isMine, leading, memberRecord, syncOf } from '../core/cluster-queries.ts';
import type { Decision } from '../core/decision.ts';
import { gatherEvidence, inDoubt } from '../core/evidence.ts';
import { type HandOverNote, howFenced } from '../core/hand-over-note.ts';
import type { Evidence, IncidentKind, Loss, Place } from '../core/sla/incident.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import { type MemberName, monoMs, type MonoMs, type Revision, type WallMs, wallMs } from '../core/units.ts';
import type { View } from '../core/view.ts';
import { divergenceFacts, redundancyFacts } from './redundancy-facts.ts';
import { remoteFenceFacts } from './remote-fence-facts.ts';
import { resumedLeadership } from './resumed-leadership.ts';

export interface Moment {
  readonly view: View;
  readonly decision: Decision;
  readonly note: HandOverNote | null;
}

type At = { readonly atMono: MonoMs; readonly wall: WallMs };
type TriggerOf = { readonly trigger: string; readonly incident: IncidentKind; readonly awaits?: 'leadership' };

/** Rules by which this daemon itself declares that service has failed or is handed over. */
const declaring: Readonly<Record<string, TriggerOf>> = {
  'take-over': { trigger: 'primary-gone', incident: 'failover', awaits: 'leadership' },
  campaign: { trigger: 'lease-gone', incident: 'failover', awaits: 'leadership' },
  'forced-take-over': { trigger: 'operator-request', incident: 'forced-failover', awaits: 'leadership' },
  'restart-in-place': { trigger: 'postmaster-exited', incident: 'restart-in-place' },
};

/** What an old leader's rule means for its successor. */
const handedOver: Readonly<Record<string, TriggerOf>> = {
  'hand-over-dead-postgres': { trigger: 'postmaster-exited', incident: 'failover' },
  'hand-over-unfenced': { trigger: 'disk-hangs', incident: 'failover' },
  'hand-over-hung-disk': { trigger: 'disk-hangs', incident: 'failover' },
  'hand-over-within-lag': { trigger: 'postmaster-exited', incident: 'failover' },
  'hand-over-shutdown': { trigger: 'host-shutdown', incident: 'switchover' },
  'forced-hand-over': { trigger: 'operator-request', incident: 'forced-failover' },
  'switchover-hand-over': { trigger: 'operator-request', incident: 'switchover' },
};

export function factsBetween(before: Moment | null, now: Moment): readonly RecorderFact[] {
  const { view, decision } = now;
  if (view.coordinator.kind !== 'read') return [];
  const at: At = { atMono: view.nowMono, wall: view.nowWall };
  const state = view.coordinator.state;
  const was = before !== null && before.view.coordinator.kind === 'read' ? before.view.coordinator.state : null;
  const unmoved =
    was === null || leading(was)?.term === leading(state)?.term || takenAgain(before?.view ?? null, was, view, state);
  const facts = [
    declaredFacts(before?.decision ?? null, view, decision, state, at),
    leaderFacts(before?.view ?? null, view, state, was, now.note, at),
    remoteFenceFacts(before?.view ?? null, view, at),
    serviceFacts(before?.view ?? null, view, state, at),
    divergenceFacts(was, state, at),
    redundancyFacts(before?.view ?? null, view, state, was, at),
    // Last: what closes an incident must know what opened and served. A change of leader heals no doubt: it is what it was about.
    unmoved ? doubtFacts(before?.view ?? null, view, at) : [],
  ];
  // Mostly nothing has happened.
  return facts.every((each) => each.length === 0) ? [] : facts.flat();
}

/** The key was gone, with etcd perhaps, and this member has it again: its postgres led all the time. */
const takenAgain = (before: View | null, was: ClusterState, view: View, state: ClusterState): boolean =>
  leading(was) === null &&
  syncOf(was)?.leader === view.self.name &&
  isMine(view, state) &&
  before?.postgres.kind === 'primary' &&
  view.postgres.kind === 'primary';

function place(state: ClusterState, member: MemberName): Place {
  return { member, location: memberRecord(state, member)?.location ?? '' };
}

function evidenceAgainst(view: View, leader: MemberName): readonly Evidence[] {
  if (view.postgres.kind !== 'standby') return [];
  return gatherEvidence(view, view.postgres, leader).items.flatMap((item) =>
    item.holds && (item.id === 'E3' || item.id === 'E4' || item.id === 'E5' || item.id === 'E6')
      ? [{ id: item.id, says: item.detail }]
      : [],
  );
}

function doubtFacts(before: View | null, view: View, at: At): readonly RecorderFact[] {
  const doubted = doubts(view);
  const was = before === null ? null : doubts(before);
  if (doubted !== null && was === null) return [{ kind: 'suspected', ...at, evidence: doubted(view) }];
  if (doubted === null && was !== null) return [{ kind: 'healed', ...at }];
  return [];
}

/** How to tell the evidence of a doubt about the leader, which may be this member itself; null when there is none. */
function doubts(view: View): ((view: View) => readonly Evidence[]) | null {
  // A cluster that is being created serves nobody yet.
  if (view.coordinator.kind !== 'read' || view.coordinator.state.initialize.kind === 'absent') return null;
  const lead = leading(view.coordinator.state);
  if (lead === null) return () => [{ id: 'E2', says: 'nobody holds the leader key' }];
  const { member } = lead.key;
  if (member !== view.self.name) return inDoubt(view, member) ? (doubted) => evidenceAgainst(doubted, member) : null;
  const { child } = view.guardian;
  if (child.kind === 'exited' || (child.kind === 'none' && child.lastExit !== null))
    return () => [{ id: 'note', says: 'postgres ended' }];
  if (view.postgres.kind === 'starting') return () => [{ id: 'note', says: 'postgres is starting' }];
  const failing = view.postgres.kind === 'primary' ? view.postgres.failingSinceMono : null;
  return failing === null ? null : () => [{ id: 'E5', says: 'fresh connections to postgres fail' }];
}

function declaredFacts(
  before: Decision | null,
  view: View,
  decision: Decision,
  state: ClusterState,
  at: At,
): readonly RecorderFact[] {
  const what = declaring[decision.rule];
  if (what === undefined || before?.rule === decision.rule) return [];
  // The first leader of a new cluster, and a cold start, end no service that anybody had.
  if (state.initialize.kind === 'absent' || (decision.rule === 'restart-in-place' && lastExitOf(view) === null))
    return [];
  const leader = leading(state)?.key.member ?? syncOf(state)?.leader ?? null;
  const evidence = leader === null ? [] : evidenceAgainst(view, leader);
  const exitMono = lastExitOf(view);
  return [
    ...(exitMono === null
      ? []
      : [{ kind: 'last-write-bounds', ...at, replayedCommitWall: null, guardianExitMono: exitMono } as const]),
    {
      kind: 'declared',
      ...at,
      rule: decision.rule,
      because: decision.because,
      evidence,
      ...what,
      ...(decision.rule === 'forced-take-over' && losslessHere(view, state) ? { loss: nothingLost } : {}),
    },
  ];
}

/** `sync` named this copy when an operator had it take over. */
function losslessHere(view: View, state: ClusterState): boolean {
  const copy = memberRecord(state, view.self.name)?.copyId ?? null;
  return syncOf(state)?.mode !== 'off' && eligible(state, view.self.name, copy).holds;
}

const nothingLost: Loss = {
  bytesMax: 0,
  timeMsMax: 0,
  provedNone: true,
  basis: 'sync named the candidate: it had every acknowledged commit',
};

function lastExitOf(view: View): MonoMs | null {
  const { child } = view.guardian;
  return child.kind === 'none' && child.lastExit !== null ? child.lastExit.atMono : null;
}

function leaderFacts(
  before: View | null,
  view: View,
  state: ClusterState,
  was: ClusterState | null,
  note: HandOverNote | null,
  at: At,
): readonly RecorderFact[] {
  const lead = leading(state);
  const old = was === null ? null : leading(was);
  if (lead === null) return [];
  const timeline = timelineOf(view);
  const seen = (): RecorderFact => ({
    kind: 'leader-seen',
    ...at,
    leader: place(state, lead.key.member),
    term: lead.term,
    timeline,
    mode: syncOf(state)?.mode ?? null,
  });
  if (was === null || old?.term === lead.term) {
    const resumed = resumedLeadership(before, view, state, at, seen);
    if (resumed !== null) return resumed;
  }
  if (old?.term === lead.term) {
    const modeChanged = was !== null && was !== state && syncOf(was)?.mode !== syncOf(state)?.mode;
    const timelineKnown = timeline !== null && (before === null || timelineOf(before) !== timeline);
    return modeChanged || timelineKnown ? [seen()] : [];
  }
  if (was === null || state.initialize.kind === 'absent' || syncOf(was) === null) return [seen()];
  const previous = old?.key.member ?? syncOf(was)?.leader ?? null;
  const change = {
    ...at,
    leader: place(state, lead.key.member),
    term: lead.term,
    previousLeader: previous === null ? null : place(was, previous),
    previousTerm: old?.term ?? null,
  };
  if (!isMine(view, state)) return [{ kind: 'leader-changed-elsewhere', ...change }];
  return [...handOverFacts(view, state, note, old?.term ?? null, at), { kind: 'leadership-won', ...change }];
}

const timelineOf = ({ postgres }: View) =>
  postgres.kind === 'primary' || postgres.kind === 'standby' ? postgres.timeline : null;

/** The key was handed to us: the note that came with it says why, and when its writer's postgres ended. */
function handOverFacts(
  view: View,
  state: ClusterState,
  note: HandOverNote | null,
  oldTerm: Revision | null,
  at: At,
): readonly RecorderFact[] {
  const what = note === null ? undefined : handedOver[note.rule];
  if (note === null || what === undefined || note.to !== view.self.name || note.term !== oldTerm) return [];
  const since = note.sincePostgresEndedMs;
  const endedMono = since === null ? null : monoMs(at.atMono - since);
  return [
    ...(endedMono === null
      ? []
      : [{ kind: 'last-write-bounds', ...at, replayedCommitWall: null, guardianExitMono: endedMono } as const]),
    {
      kind: 'declared',
      ...at,
      rule: note.rule,
      because: note.because,
      evidence: [{ id: 'E1', says: `${note.from} handed the key over` }],
      ...(isDrill(state, view.self.name) ? drill : what),
    },
    {
      kind: 'old-primary-fenced',
      ...at,
      how: howFenced(note),
    },
  ];
}

/** The request is still there when its candidate has been handed the key. */
const isDrill = ({ request }: ClusterState, candidate: MemberName): boolean =>
  request.kind === 'present' && request.value.drill && request.value.candidate === candidate;

const drill: TriggerOf = { trigger: 'drill', incident: 'drill' };

function serviceFacts(before: View | null, view: View, state: ClusterState, at: At): readonly RecorderFact[] {
  const facts: RecorderFact[] = [];
  const promoting = (each: View | null) => each?.operation.kind === 'busy' && each.operation.spec.kind === 'promote';
  if (promoting(view) && !promoting(before)) {
    const mode = syncOf(state)?.mode;
    const how =
      mode === 'off'
        ? 'its lease and its own deadline have run out'
        : 'nothing can be acknowledged there any more: its only synchronous standby has stopped following';
    facts.push(
      ...replayFacts(view, at),
      { kind: 'old-primary-fenced', ...at, how },
      { kind: 'promotion-requested', ...at },
    );
  }
  const serves = (each: View | null) =>
    each?.postgres.kind === 'primary' && each.postgres.admits === 'everybody' && !promoting(each);
  if (view.postgres.kind === 'primary' && serves(view) && !serves(before) && isMine(view, state)) {
    const row = promotedInThisRun(view) ? view.memory.promotion : null;
    facts.push(...replayFacts(before, at), {
      kind: 'accepting-writes',
      ...promotedAt(view, at),
      timeline: view.postgres.timeline,
      forkLsn: row?.lsn ?? null,
    });
  }
  return facts;
}

/** When the promotion was seen to be over, if this daemon performed it; the loop learns of it somewhat later. */
function promotedAt(view: View, at: At): At {
  const mono = view.memory.promotion === null || !promotedInThisRun(view) ? null : view.memory.promotedMono;
  return mono === null || mono > at.atMono ? at : { atMono: mono, wall: wallMs(at.wall - (at.atMono - mono)) };
}

/** A restart in place follows a promotion, perhaps of long ago: that is not when it accepts writes again. */
const promotedInThisRun = ({ memory: { promotedMono }, guardian: { child } }: View): boolean =>
  promotedMono === null || child.kind !== 'running' || promotedMono >= child.startedMono;

/** The newest replayed commit bounds the last good write from below. */
const replayFacts = (view: View | null, at: At): readonly RecorderFact[] =>
  view?.postgres.kind === 'standby' && view.postgres.replayedCommitWall !== null
    ? [
        {
          kind: 'last-write-bounds',
          ...at,
          replayedCommitWall: view.postgres.replayedCommitWall,
          guardianExitMono: null,
        },
      ]
    : [];
