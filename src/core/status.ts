/** The cluster in one JSON document: `baton status --json` and `GET /v1/status`. */
import { holdsKey } from './health.ts';
import type { ClusterState, Key, MemberRecord, MemberState, SharedConfig, SyncMode } from './cluster.ts';
import { leading, syncOf } from './cluster-queries.ts';
import { memberOfCopy } from './copy-name.ts';
import { obstacles } from './obstacles.ts';
import { ownPositions, ownRole, ownState } from './own-state.ts';
import type { Case } from './sla/case/case.ts';
import type { CaseFile } from './sla/case/case-entry.ts';
import { caseOf } from './sla/case/case-of.ts';
import type { Incident } from './sla/incident.ts';
import type { Terms } from './sla/maintenance/announcement.ts';
import { type RunningBreach, runningBreaches } from './sla/running.ts';
import { elapsed, formatLsn, type Lsn, lagBytes, type MemberName, type Ms, type Timeline } from './units.ts';
import type { View } from './view.ts';

export interface Status {
  readonly cluster: string;
  readonly leader: string | null;
  readonly term: number | null;
  readonly timeline: number | null;
  /** Somebody could take over by itself now without losing more than the mode allows. */
  readonly redundant: boolean;
  readonly paused: boolean;
  /** Why automation is held; empty when it is not. */
  readonly held: readonly string[];
  /** `mode` is the one in force; null when `sync` is absent or cannot be read. */
  readonly synchronous: { readonly mode: SyncMode | null; readonly standbys: readonly string[] };
  readonly members: readonly MemberStatus[];
  /** What of the configuration does not rule as it is written: one sentence each, with the key and what to do. */
  readonly warnings: readonly string[];
  /** The open incident. */
  readonly incident: IncidentStatus | null;
  /** What each contract says of the newest incident; accounting over a period is `baton sla`. */
  readonly sla: readonly SlaStatus[];
}

export interface MemberStatus {
  readonly name: string;
  readonly location: string;
  readonly role: MemberRecord['role'] | 'unknown';
  /** `gone`: known of, but its lease has run out. `malformed`: its key cannot be read. */
  readonly state: MemberState | 'gone' | 'malformed';
  readonly timeline: number | null;
  readonly lsn: string | null;
  /** Bytes of WAL behind the leader as far as known; null for the leader, and across timelines. */
  readonly lagBytes: number | null;
  readonly synchronous: boolean;
  readonly host: string | null;
  readonly port: number | null;
  readonly apiUrl: string | null;
  readonly version: string | null;
  /** Major version of its PostgreSQL; null when it is not known. */
  readonly postgres: number | null;
  /** What it is doing, like `clone: 40 %`; null when nothing, or when only that member knows. */
  readonly operation: string | null;
}

export interface IncidentStatus {
  readonly id: string;
  readonly kind: Incident['kind'];
  /** t0, or t1 when no good write was seen: RFC 3339. */
  readonly since: string | null;
  /** Names of the sites that are down now. */
  readonly sitesDown: readonly string[];
  /** While writes fail: when each contract's `rto` is used up, the next first. */
  readonly breaches: readonly RunningBreach[];
  /** Who looks after it; null while nobody does, left out by a daemon that does not say. */
  readonly acknowledged?: IncidentAcknowledged | null | undefined;
}

export interface IncidentAcknowledged {
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
  readonly note: string;
}

export interface SlaStatus {
  readonly contract: string;
  readonly customer: string;
  readonly incident: string;
  readonly outcome: Incident['verdicts'][number]['outcome']['kind'];
}

/** As one daemon sees it: the keys, with what it knows fresher from its own postgres and from its peers. */
export function statusOf(
  cluster: string,
  view: View,
  incidents: readonly Incident[],
  promises: Terms = { sites: [], contracts: [] },
  cases: readonly CaseFile[] = [],
  warnings: readonly string[] = [],
): Status {
  const state = view.coordinator.kind === 'read' ? view.coordinator.state : null;
  const known = new Set<MemberName>([view.self.name, ...view.peers.keys()]);
  const held = obstacles(view);
  const paused = view.memory.held.some((hold) => hold.code === 'paused');
  const record = { incidents, promises, cases, warnings, nowWall: view.nowWall };
  const built = build(cluster, state, known, view.policy, { held, paused }, record, (member) => freshen(member, view));
  // What was read last names this member for as long as etcd says nothing newer; whether it leads on is known here.
  const blind = view.coordinator.kind === 'read' && view.coordinator.unreachableSinceMono !== null;
  const isHeld = view.memory.held.length > 0;
  const leads = built.leader !== view.self.name || !(blind || isHeld) || holdsKey(view);
  return { ...built, redundant: built.redundant && !isHeld, ...(leads ? {} : { leader: null, term: null }) };
}

/** From etcd alone, for when no daemon answers: positions are up to 10 s old. */
export function statusOfKeys(cluster: string, state: ClusterState, record: OnRecord): Status {
  const policy = state.config.kind === 'present' ? state.config.value : null;
  return build(cluster, state, new Set(), policy, { held: [], paused: false }, record, (member) => member);
}

/** What is known of outages, and what was promised about them. */
export interface OnRecord {
  readonly incidents: readonly Incident[];
  readonly promises: Terms;
  /** What people added. Left out: nothing. */
  readonly cases?: readonly CaseFile[];
  /** What of the configuration does not rule as it is written. Left out: nothing. */
  readonly warnings?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nowWall: number;
}

/** A member as far as it is known, before it is compared with the leader. */
interface Draft {
  readonly status: Omit<MemberStatus, 'lagBytes' | 'lsn'>;
  readonly timeline: Timeline | null;
  readonly lsn: Lsn | null;
  readonly nofailover: boolean;
}

function build(
  cluster: string,
  state: ClusterState | null,
  known: ReadonlySet<MemberName>,
  policy: SharedConfig | null,
  holds: Pick<Status, 'held' | 'paused'>,
  { incidents, promises, nowWall, cases = [], warnings = [] }: OnRecord,
  improve: (draft: Draft) => Draft,
): Status {
  const lead = state === null ? null : leading(state);
  const sync = state === null ? null : syncOf(state);
  const standbys = sync?.standbys ?? [];
  const names = new Set([
    ...(state?.members.keys() ?? []),
    ...known,
    ...standbys,
    ...(lead === null ? [] : [lead.key.member]),
    // Who claimed last has every commit, also when nothing else is heard of it any more.
    ...(sync === null ? [] : [sync.leader]),
  ]);
  const drafts = [...names]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => improve(draftOf(name, state?.members.get(name), sync?.mode !== 'off' && standbys.includes(name))));
  const leader = drafts.find((draft) => draft.status.name === lead?.key.member) ?? null;
  const members = drafts.map((draft) => finish(draft, leader));
  const open = incidents.findLast((incident) => incident.state === 'open') ?? null;
  const newest = open ?? incidents.at(-1) ?? null;
  return {
    cluster,
    leader: lead?.key.member ?? null,
    term: lead?.term ?? null,
    timeline: leader?.timeline ?? null,
    redundant:
      leader !== null &&
      drafts.some(
        (draft, index) => draft !== leader && couldTakeOver(draft, members[index], sync?.mode ?? null, policy),
      ),
    ...holds,
    synchronous: { mode: sync?.mode ?? null, standbys },
    members,
    warnings,
    incident: open === null ? null : incidentStatus(open, promises, nowWall, cases),
    sla: (newest?.verdicts ?? []).map(({ contract, customer, outcome }) => ({
      contract,
      customer,
      incident: newest?.id ?? '',
      outcome: outcome.kind,
    })),
  };
}

function draftOf(name: MemberName, key: Key<MemberRecord> | undefined, synchronous: boolean): Draft {
  if (key?.kind !== 'present') {
    const state = key?.kind === 'malformed' ? 'malformed' : 'gone';
    const nothing = {
      location: '',
      host: null,
      port: null,
      apiUrl: null,
      version: null,
      postgres: null,
      timeline: null,
      operation: null,
    };
    return {
      status: { name, role: 'unknown', state, synchronous, ...nothing },
      timeline: null,
      lsn: null,
      nofailover: false,
    };
  }
  const { location, role, state, timeline, lsn, host, port, apiUrl, version, serverVersion, tags } = key.value;
  const postgres = serverVersion === null ? null : Math.floor(serverVersion / 10_000);
  const at = { host, port, apiUrl };
  const status = { name, location, role, state, timeline, synchronous, ...at, version, postgres, operation: null };
  return { status, timeline, lsn, nofailover: tags.nofailover === true };
}

function finish({ status, timeline, lsn }: Draft, leader: Draft | null): MemberStatus {
  const comparable = leader !== null && leader.status.name !== status.name && leader.timeline === timeline;
  const behind = comparable && leader.lsn !== null && lsn !== null ? Number(lagBytes(leader.lsn, lsn)) : null;
  return { ...status, timeline, lsn: lsn === null ? null : formatLsn(lsn), lagBytes: behind };
}

function couldTakeOver(
  draft: Draft,
  member: MemberStatus | undefined,
  mode: SyncMode | null,
  policy: SharedConfig | null,
): boolean {
  if (member === undefined || member.role === 'observer' || member.state !== 'streaming' || draft.nofailover)
    return false;
  if (mode !== 'off') return member.synchronous;
  return member.lagBytes !== null && policy !== null && member.lagBytes <= policy.failover.maxLagBytes;
}

/** An older report of a daemon says less than its key in etcd. */
const reportFreshMs: Ms = 2_500;
const roles = { primary: 'primary', standby: 'replica', none: null } as const;

function freshen(draft: Draft, view: View): Draft {
  const name = draft.status.name as MemberName;
  if (name === view.self.name) return freshenSelf(draft, view);
  const said = view.peers.get(name)?.report ?? null;
  const alive = draft.status.state !== 'gone' && draft.status.state !== 'malformed';
  const report = said !== null && elapsed(said.atMono, view.nowMono) <= reportFreshMs ? said : null;
  const reported: Draft =
    report === null || !alive
      ? draft
      : {
          ...draft,
          status: { ...draft.status, state: report.state, role: roles[report.role] ?? draft.status.role },
          timeline: report.timeline ?? draft.timeline,
          lsn: report.lsn ?? draft.lsn,
        };
  const peer = view.peers.get(name);
  const silent = peer?.daemon != null && peer.daemon.outcome !== 'ok' && peer.postgres?.outcome !== 'ok';
  // Its lease goes on for some seconds after its host is gone; whoever probes it knows sooner.
  if (silent) return { ...reported, status: { ...reported.status, state: 'gone' } };
  // The primary knows best what each of its standbys has flushed.
  const pg = view.postgres;
  const sender =
    pg.kind === 'primary' ? pg.walsenders.find((each) => memberOfCopy(each.applicationName) === name) : undefined;
  return sender?.flushLsn == null || pg.kind !== 'primary'
    ? reported
    : { ...reported, lsn: sender.flushLsn, timeline: pg.timeline };
}

function freshenSelf(draft: Draft, view: View): Draft {
  const { postgres, self } = view;
  const positions = ownPositions(postgres);
  return {
    ...draft,
    status: {
      ...draft.status,
      location: self.location,
      role: ownRole(view),
      state: ownState(view),
      operation: operationText(view),
    },
    timeline: positions.timeline ?? draft.timeline,
    lsn: positions.lsn ?? draft.lsn,
    nofailover: self.nofailover,
  };
}

function operationText({ operation }: View): string | null {
  if (operation.kind === 'idle') return null;
  return operation.progress === null ? operation.spec.kind : `${operation.spec.kind}: ${operation.progress}`;
}

const incidentStatus = (
  incident: Incident,
  promises: Terms,
  nowWall: number,
  cases: readonly CaseFile[],
): IncidentStatus => ({
  id: incident.id,
  kind: incident.kind,
  since: (incident.instants.t0 ?? incident.instants.t1)?.wall ?? null,
  sitesDown: incident.affectedSites.filter((site) => site.downUntil === null).map((site) => site.name),
  breaches: runningBreaches(incident, promises, nowWall),
  acknowledged: acknowledgedOf(caseOf(incident, cases.find((file) => file.incident === incident.id)?.entries ?? [])),
});

const acknowledgedOf = ({ acknowledged }: Case): IncidentAcknowledged | null =>
  acknowledged === null ? null : { by: acknowledged.by, at: acknowledged.at, note: acknowledged.note };
