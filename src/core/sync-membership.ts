/**
 * Who is named in `sync`, and what PostgreSQL waits for, in an order that never names a standby that is not really
 * waited for (I3). One step per call, decided from facts alone, so that a restart between any two steps goes on
 * where it was:
 *
 *   remove:  key without the name  →  PostgreSQL stops waiting
 *   add:     PostgreSQL waits      →  proof by a wait  →  key with the name
 */
import { because } from './because.ts';
import type { ClusterState, MemberRecord, SyncKey, SyncMode } from './cluster.ts';
import type { Rule } from './rules.ts';
import { dataMembers, leading, syncOf } from './cluster-queries.ts';
import { copyName, slotName } from './copy-name.ts';
import type { CommitPurpose, Decision } from './decision.ts';
import { writeSync } from './transactions.ts';
import type { CopyId, MemberName, Ms, Revision } from './units.ts';
import type { CopyName, PrimaryView, Walsender } from './postgres-view.ts';
import type { View } from './view.ts';

/** A standby that is further behind than this catches up before commits are made to wait for it. */
const addLagBytesMax = 16n * 1024n * 1024n;
/** A standby that is gone, without its host refusing connections, is given this long to come back. */
const absentGraceMs: Ms = 1_000;
/** A connected standby that flushes nothing while a commit waits for it. */
const stalledGraceMs: Ms = 1_200;

export interface HealthyStandby {
  readonly member: MemberName;
  readonly copyId: CopyId;
  readonly copyName: CopyName;
}

/** A look that is older shows nothing of the standbys: our own server may be what hangs. */
const lookFreshMs: Ms = 500;
/** After a standby was removed it proves itself for a while before commits wait for it again. */
const addPauseMs: Ms = 1_000;

/**
 * What must leave: the mode's old members, names that are not really waited for, standbys that are lost; then, in
 * PostgreSQL, names that nobody can be added under. Comes before everything that may take long.
 */
export function leaveStep(view: View, primary: PrimaryView, state: ClusterState): Decision | null {
  const sync = syncOf(state);
  if (sync === null) return null;
  const wantedMode = view.policy.synchronous.mode;
  // Only a configuration that can be read asks for a mode: a damaged key must not weaken one.
  if (state.config.kind === 'present' && sync.mode !== wantedMode && !(wantedMode === 'strict' && waitsChange(view)))
    return modeStep(view, state, sync, wantedMode);
  if (sync.mode === 'off') return narrowStep(view, primary, state, sync, []);
  const removed = removeStep(view, primary, state, sync);
  if (removed !== null) return removed;
  const named = namedCopies(sync);
  const healthy = primary.waitsFor.every((name) => named.includes(name)) ? [] : healthyStandbys(primary, state, sync);
  const keep = primary.waitsFor.filter(
    (name) => named.includes(name) || healthy.some((standby) => standby.copyName === name),
  );
  return narrowStep(view, primary, state, sync, keep);
}

/** Who may join, one at a time; then PostgreSQL waits for exactly those that are named. */
export function joinStep(view: View, primary: PrimaryView, state: ClusterState): Decision | null {
  const sync = syncOf(state);
  if (sync === null || sync.mode === 'off' || primary.waitsRuledBy !== null) return null;
  return addStep(view, primary, state, sync);
}

export const namedCopies = (sync: SyncKey): readonly CopyName[] =>
  sync.standbys.map((member) => copyName(member, sync.copies[member] ?? ('missing' as never)));

function modeStep(view: View, state: ClusterState, sync: SyncKey, wanted: SyncMode): Decision {
  const emptied: SyncKey = { ...sync, standbys: [], copies: onlyCopies(sync, [sync.leader]) };
  if (sync.standbys.length > 0) {
    return commitSync(
      view,
      state,
      'sync-remove',
      emptied,
      'mode-empty-sync',
      `before the mode becomes ${wanted}, sync names no standby`,
    );
  }
  return commitSync(
    view,
    state,
    'sync-mode',
    { ...emptied, mode: wanted },
    'mode-change',
    `the configuration asks for mode ${wanted}`,
  );
}

/** What PostgreSQL waits for is being changed by what was decided before: the key must not say `strict` and then it stops. */
const waitsChange = ({ operation }: View): boolean => operation.kind === 'busy' && operation.spec.kind === 'wait-for';

/** A named standby that is gone or stalled leaves the key; only then does PostgreSQL stop waiting for it. */
function removeStep(view: View, primary: PrimaryView, state: ClusterState, sync: SyncKey): Decision | null {
  if (view.nowMono - primary.seenMono > lookFreshMs) return null;
  for (const member of sync.standbys) {
    const why = lost(view, primary, sync, member);
    if (why === null) continue;
    const standbys = sync.standbys.filter((name) => name !== member);
    const without: SyncKey = { ...sync, standbys, copies: onlyCopies(sync, [sync.leader, ...standbys]) };
    return commitSync(view, state, 'sync-remove', without, 'sync-remove-lost', `${member} is lost: ${why}`);
  }
  return null;
}

/** Why a named standby counts as lost; null while it does not. */
function lost(view: View, primary: PrimaryView, sync: SyncKey, member: MemberName): string | null {
  const name = copyName(member, sync.copies[member] ?? ('missing' as never));
  if (!primary.waitsFor.includes(name)) return 'PostgreSQL does not wait for it';
  const senders = primary.walsenders.filter((sender) => sender.applicationName.toLowerCase() === name.toLowerCase());
  if (senders.length > 1) return `${senders.length} walsenders carry its name`;
  const [sender] = senders;
  const pendingMs = primary.probe.pendingSinceMono === null ? 0 : primary.seenMono - primary.probe.pendingSinceMono;
  if (sender === undefined) {
    const probe = view.peers.get(member)?.postgres ?? null;
    if (probe?.outcome === 'refused' && view.nowMono - probe.atMono < absentGraceMs)
      return 'its host refuses connections';
    return pendingMs >= absentGraceMs ? `no walsender, and a commit has waited ${Math.round(pendingMs)} ms` : null;
  }
  const stalledMs = primary.seenMono - sender.flushChangedMono;
  const behind = sender.flushLsn === null || sender.flushLsn < primary.currentLsn;
  if (behind && pendingMs >= stalledGraceMs && stalledMs >= stalledGraceMs)
    return `it has flushed nothing for ${Math.round(stalledMs)} ms`;
  return null;
}

function addStep(view: View, primary: PrimaryView, state: ClusterState, sync: SyncKey): Decision | null {
  const term = leading(state)?.term;
  const [next] = healthyStandbys(primary, state, sync, (member) => !sync.standbys.includes(member));
  const removed = view.memory.syncRemovedMono;
  if (next === undefined || term === undefined || (removed !== null && view.nowMono - removed < addPauseMs))
    return null;
  if (!primary.waitsFor.includes(next.copyName)) {
    // Only ever more names: an addition of one of the others may still be on its way to the key.
    return because('sync-add-wait', `${next.member} streams: commits begin to wait for it`, {
      kind: 'operate',
      operation: { kind: 'wait-for', names: [next.copyName, ...primary.waitsFor], nobody: false },
    });
  }
  if (!proofHolds(view, primary, term) || view.memory.proof?.copyName !== next.copyName) {
    return because('sync-add-prove', `a commit must be seen waiting for ${next.member} before sync may name it`, {
      kind: 'operate',
      operation: { kind: 'prove-wait', standby: next.member, copyName: next.copyName, term, names: primary.waitsFor },
    });
  }
  const withNext: SyncKey = {
    ...sync,
    standbys: [next.member, ...sync.standbys],
    copies: { ...sync.copies, [next.member]: next.copyId },
  };
  return commitSync(view, state, 'sync-add', withNext, 'sync-add', `commits were seen waiting for ${next.member}`);
}

/** Standbys that commits may be made to wait for: streaming, on their own slot, close, flushing, one walsender per copy. */
export function healthyStandbys(
  primary: PrimaryView,
  state: ClusterState,
  sync: SyncKey,
  among: (member: MemberName) => boolean = () => true,
): readonly HealthyStandby[] {
  const found: HealthyStandby[] = [];
  for (const member of dataMembers(state)) {
    if (member.name === sync.leader || !among(member.name)) continue;
    const sender = onlySender(primary, member);
    if (sender === null || stalled(primary, sender) || member.copyId === null || member.tags['nosync'] === true)
      continue;
    const { name, copyId } = member;
    found.push({ member: name, copyId, copyName: copyName(name, copyId) });
  }
  return found.toSorted((a, b) => (a.member < b.member ? -1 : 1));
}

/** It is behind and has flushed nothing for a while, although our own probes give it something to flush all the time. */
const stalled = (primary: PrimaryView, sender: Walsender): boolean =>
  sender.flushLsn !== null &&
  sender.flushLsn < primary.currentLsn &&
  primary.seenMono - sender.flushChangedMono >= absentGraceMs;

function onlySender(primary: PrimaryView, member: MemberRecord): Walsender | null {
  if (member.copyId === null) return null;
  const name = copyName(member.name, member.copyId).toLowerCase();
  const senders = primary.walsenders.filter((sender) => sender.applicationName.toLowerCase() === name);
  const [sender] = senders;
  if (senders.length !== 1 || sender === undefined || sender.state !== 'streaming' || sender.flushLsn === null)
    return null;
  if (sender.slotName !== null && sender.slotName !== slotName(member.name)) return null;
  return primary.currentLsn - sender.flushLsn <= addLagBytesMax ? sender : null;
}

/** Commits were seen waiting for exactly those that PostgreSQL waits for now, in this term and this run of it. */
export function proofHolds(view: View, primary: PrimaryView, term: Revision): boolean {
  const proof = view.memory.proof;
  return (
    proof !== null &&
    proof.term === term &&
    proof.runId === primary.runId &&
    proof.waitedFor.length === primary.waitsFor.length &&
    proof.waitedFor.every((name, at) => name === primary.waitsFor[at])
  );
}

/**
 * PostgreSQL waits for more than it should: it may stop, but only once this daemon has itself written the key as it
 * stands. An addition still under way somewhere would otherwise land afterwards (I3).
 */
function narrowStep(
  view: View,
  primary: PrimaryView,
  state: ClusterState,
  sync: SyncKey & { readonly modRevision: Revision },
  keep: readonly CopyName[],
): Decision | null {
  // What Baton writes does not apply while another place rules it.
  if (primary.waitsRuledBy !== null) return null;
  const nobody = sync.mode === 'strict' && keep.length === 0;
  if (keep.length === primary.waitsFor.length && primary.waitsForNobody === nobody) return null;
  if (view.memory.confirmedSyncRevision !== sync.modRevision) {
    return commitSync(
      view,
      state,
      'sync-confirm',
      withoutRevision(sync),
      'sync-confirm',
      'sync is written once more before PostgreSQL waits for less',
    );
  }
  return because(
    'wait-for-fewer',
    `sync names ${sync.standbys.join(', ') || 'nobody'}: PostgreSQL waits for ${nobody ? 'somebody who is not there' : 'no more than that'}`,
    { kind: 'operate', operation: { kind: 'wait-for', names: keep, nobody } },
  );
}

function commitSync(
  view: View,
  state: ClusterState,
  purpose: CommitPurpose,
  sync: SyncKey,
  rule: Rule,
  why: string,
): Decision {
  if (view.memory.committing !== null) return because(rule, `${why} (another transaction is under way)`);
  return because(rule, why, { kind: 'commit', purpose, txn: writeSync(state, withoutRevision(sync)) });
}

const withoutRevision = ({ leader, standbys, mode, copies }: SyncKey): SyncKey => ({ leader, standbys, mode, copies });

const onlyCopies = (sync: SyncKey, members: readonly MemberName[]): SyncKey['copies'] =>
  Object.fromEntries(Object.entries(sync.copies).filter(([name]) => members.includes(name as MemberName)));
