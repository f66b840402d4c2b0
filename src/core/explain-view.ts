/** Makes the explanation of one view: what each member is seen to be, which rule holds, and who may lead and who not. */
import { mayGoOn } from './backing.ts';
import type { ClusterState, MemberRecord } from './cluster.ts';
import { eligible, leading, memberRecord, ownCopy, syncOf } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { gatherEvidence } from './evidence.ts';
import type { Explanation, LeadCondition, MemberExplanation } from './explain.ts';
import { obstacles } from './obstacles.ts';
import { checkCandidate } from './successor.ts';
import { formatLsn, type MemberName } from './units.ts';
import type { PostgresView } from './postgres-view.ts';
import type { View } from './view.ts';

export function explainView(cluster: string, view: View, decision: Decision): Explanation {
  const state = view.coordinator.kind === 'read' ? view.coordinator.state : null;
  const lead = state === null ? null : leading(state);
  const names = new Set<MemberName>([view.self.name]);
  for (const name of state?.members.keys() ?? []) names.add(name);
  const sync = state === null ? null : syncOf(state);
  for (const name of sync === null ? [] : [sync.leader, ...sync.standbys]) names.add(name);
  return {
    cluster,
    at: new Date(view.nowWall).toISOString(),
    leader: lead?.key.member ?? null,
    mode: sync?.mode ?? null,
    members: [...names]
      .toSorted()
      .map((name) => (name === view.self.name ? explainSelf(view, state, decision) : explainPeer(view, state, name))),
    next: nextStep(view, state, decision),
  };
}

function explainSelf(view: View, state: ClusterState | null, decision: Decision): MemberExplanation {
  const observes = view.self.role === 'observer';
  const conditions = state === null ? [] : observes ? noData : ownConditions(view, state);
  return {
    name: view.self.name,
    sees: [
      observes ? 'no PostgreSQL: an observer' : describePostgres(view.postgres),
      describeLease(view),
      ...describeEtcd(view),
      ...describeEvidence(view, state),
    ],
    rule: decision.rule,
    because: decision.because,
    mayLead: conditions.length > 0 && conditions.every((each) => each.holds),
    conditions,
  };
}

function explainPeer(view: View, state: ClusterState | null, name: MemberName): MemberExplanation {
  const record = state === null ? null : memberRecord(state, name);
  if (record?.role === 'observer')
    return {
      ...{ name, rule: null, because: null, mayLead: false, conditions: noData },
      sees: [`observer at ${record.location || 'a place without a name'}, its lease is alive`],
    };
  const peer = view.peers.get(name);
  const probes = [
    peer?.postgres == null
      ? 'postgres not probed yet'
      : `postgres ${peer.postgres.outcome} ${Math.round(view.nowMono - peer.postgres.atMono)} ms ago`,
    peer?.daemon == null
      ? 'daemon not probed yet'
      : `daemon ${peer.daemon.outcome} ${Math.round(view.nowMono - peer.daemon.atMono)} ms ago`,
  ];
  const leads = state !== null && leading(state)?.key.member === name;
  const conditions =
    state === null ? [] : leads ? leaderConditions(view, name) : checkCandidate(view, state, name).conditions;
  return {
    name,
    sees: [record === null ? 'no member key: its lease has run out' : describeRecord(record), ...probes],
    rule: null,
    because: null,
    mayLead: conditions.length > 0 && conditions.every((each) => each.holds),
    conditions,
  };
}

/** Of an observer. */
const noData: readonly LeadCondition[] = [
  { condition: 'has data', holds: false, detail: 'an observer measures and tells; it never leads and never votes' },
];

/** For the leader that another daemon holds: what of it is seen to answer. */
function leaderConditions(view: View, name: MemberName): readonly LeadCondition[] {
  const peer = view.peers.get(name);
  return [
    { condition: 'holds the leader key', holds: true, detail: 'as etcd says' },
    {
      condition: 'postgres answers',
      holds: peer?.postgres?.outcome === 'ok',
      detail: peer?.postgres?.outcome ?? 'not probed yet',
    },
  ];
}

function ownConditions(view: View, state: ClusterState): readonly LeadCondition[] {
  const may = eligible(state, view.self.name, ownCopy(view.postgres));
  const pg = view.postgres;
  const lease = view.guardian.lease;
  const running = pg.kind === 'primary' || pg.kind === 'standby';
  const conditions: LeadCondition[] = [
    { condition: 'eligible', holds: may.holds, detail: may.why },
    {
      condition: 'lease held',
      holds: lease.kind === 'held',
      detail: lease.kind === 'held' ? `lease ${lease.leaseId}` : 'etcd has granted none; is it reachable from here?',
    },
    { condition: 'postgres runs', holds: running, detail: describePostgres(pg) },
    {
      condition: 'may fail over',
      holds: !view.self.nofailover,
      detail: view.self.nofailover ? 'tagged nofailover in its configuration' : 'not excluded',
    },
    {
      condition: 'automation runs',
      holds: view.memory.held.length === 0,
      detail: view.memory.held[0]?.reason ?? 'not held',
    },
  ];
  if (leading(state)?.key.member === view.self.name) {
    conditions.push({
      condition: 'may go on',
      holds: mayGoOn(view, state),
      detail: mayGoOn(view, state) ? 'inside its lease, or backed' : "the lease's deadline has passed",
    });
  }
  return conditions;
}

export function describePostgres(pg: PostgresView): string {
  switch (pg.kind) {
    case 'unknown':
      return 'postgres not looked at yet';
    case 'absent':
      return 'no data directory';
    case 'unusable':
      return pg.problem;
    case 'stopped':
      return `postgres is down (${pg.data.clusterState}, timeline ${pg.data.timeline}, ${formatLsn(pg.data.lsn)})`;
    case 'starting':
      return 'postgres is starting';
    case 'standby':
      return `standby on timeline ${pg.timeline}, received ${formatLsn(pg.receivedLsn)}, ${pg.streamingFrom === null ? 'not streaming' : `streaming from ${pg.streamingFrom}`}`;
    case 'primary':
      return `primary on timeline ${pg.timeline} at ${formatLsn(pg.currentLsn)}, ${describeWaits(pg)}`;
  }
}

function describeWaits(pg: Extract<PostgresView, { kind: 'primary' }>): string {
  if (pg.waitsForNobody) return 'commits wait for a standby that is not there';
  return pg.waitsFor.length === 0 ? 'commits wait for nobody' : `commits wait for ${pg.waitsFor.join(', ')}`;
}

function describeLease(view: View): string {
  const { lease } = view.guardian;
  if (!view.guardian.connected && view.self.role !== 'observer') return 'the guardian does not answer';
  if (lease.kind !== 'held') return lease.kind === 'none' ? 'no lease' : 'the lease is gone';
  const leftMs = Math.round(lease.confirmedSentMono + lease.ttlMs - view.policy.lease.marginMs - view.nowMono);
  return leftMs > 0
    ? `lease good for ${(leftMs / 1000).toFixed(1)} s more`
    : `lease deadline passed ${(-leftMs / 1000).toFixed(1)} s ago`;
}

function describeEtcd(view: View): readonly string[] {
  if (view.coordinator.kind === 'never-read') return ['etcd was never read'];
  const since = view.coordinator.unreachableSinceMono;
  return since === null ? [] : [`etcd unreachable for ${((view.nowMono - since) / 1000).toFixed(1)} s`];
}

function describeEvidence(view: View, state: ClusterState | null): readonly string[] {
  const lead = state === null ? null : leading(state);
  if (lead === null || lead.key.member === view.self.name || view.postgres.kind !== 'standby') return [];
  const held = gatherEvidence(view, view.postgres, lead.key.member).items.filter(
    (item) => item.holds && item.id !== 'unannounced',
  );
  return held.length === 0
    ? []
    : [`against ${lead.key.member}: ${held.map((item) => `${item.id} ${item.detail}`).join('; ')}`];
}

const describeRecord = (record: MemberRecord): string =>
  `${record.role} ${record.state}, timeline ${record.timeline ?? '?'}, ${record.lsn === null ? 'position unknown' : formatLsn(record.lsn)}`;

/** Who has everything, and the command that does without. */
function whoCould(view: View, state: ClusterState): string {
  const sync = syncOf(state);
  if (sync === null || eligible(state, view.self.name, ownCopy(view.postgres)).holds) return '';
  const names = [sync.leader, ...sync.standbys].join(' or ');
  const command = `baton failover --candidate ${view.self.name} --allow-data-loss --old-primary-is-fenced`;
  return `. Bring ${names} back: it has every acknowledged commit. If it is gone for good, \`${command}\` promotes this member without what it lacks`;
}

function nextStep(view: View, state: ClusterState | null, decision: Decision): string {
  if (state === null) return 'etcd has not been read: check that it runs and that this host reaches it';
  const [obstacle] = obstacles(view);
  if (obstacle !== undefined) return `automation is held: ${obstacle}`;
  if (view.coordinator.kind === 'read' && view.coordinator.unreachableSinceMono !== null)
    return 'etcd does not answer here: check its members and the network; nothing is promoted meanwhile';
  const lead = leading(state);
  if (lead === null && view.self.role === 'observer')
    return 'nobody leads: `baton explain` on the hosts of the other members says who may and what is missing';
  if (lead === null) return `nobody leads: ${decision.because}${whoCould(view, state)}`;
  if (decision.rule.startsWith('hold')) return decision.because;
  const sync = syncOf(state);
  if (sync === null) return 'the sync key is missing or malformed: restore it before anything fails';
  if (sync.mode !== 'off' && sync.standbys.length === 0)
    return 'no synchronous standby: one more failure would stop the service. Bring the other member back';
  return 'nothing to do';
}
