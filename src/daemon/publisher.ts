/** Keeps the key of a member with PostgreSQL in etcd; the leader's position for Patroni's tools goes with it. */
import type { MemberRecord } from '../core/cluster.ts';
import { isMine, ownCopy, ownLease } from '../core/cluster-queries.ts';
import { formatStatus, keyOf, protocolVersion } from '../core/key-format.ts';
import { ownPositions, ownRole, ownState } from '../core/own-state.ts';
import { freeBytes, lacksRoom } from '../core/room.ts';
import type { Write } from '../core/transaction.ts';
import type { LeaseId, Revision } from '../core/units.ts';
import type { View } from '../core/view.ts';
import { MemberKey } from './member-key.ts';
import type { MemberSettings, SupervisorDeps } from './supervisor.ts';

export class Publisher {
  readonly #settings: MemberSettings;
  readonly #version: string;
  readonly #key: MemberKey;

  constructor(deps: SupervisorDeps) {
    this.#settings = deps.settings;
    this.#version = deps.version;
    this.#key = new MemberKey(deps, sameEssence);
  }

  /** Writes the member key if it is due. */
  consider(view: View, lastLedTerm: Revision | null): void {
    const lease = ownLease(view);
    // What is not known yet must not replace what was known: others decide on it.
    const unread =
      view.coordinator.kind === 'never-read' || view.memory.held.length > 0 || view.postgres.kind === 'unknown';
    if (lease === null || unread) return;
    const theirs = view.coordinator.kind === 'read' ? view.coordinator.state.members.get(view.self.name) : undefined;
    const record = memberRecordOf(this.#settings, this.#version, view, lease, lastLedTerm);
    this.#key.consider(record, theirs ?? { kind: 'absent' }, view.nowMono, () => leaderStatus(view));
  }
}

/** The leader's position and its standbys', for Patroni's tools: goes with the member key. */
function leaderStatus(view: View): readonly Write[] {
  const pg = view.postgres;
  if (pg.kind !== 'primary' || view.coordinator.kind !== 'read' || !isMine(view, view.coordinator.state)) return [];
  const slots = pg.walsenders.flatMap(({ slotName, flushLsn }) =>
    slotName === null || flushLsn === null ? [] : [[slotName, flushLsn] as const],
  );
  return [{ op: 'put', key: keyOf.status, value: formatStatus(pg.currentLsn, Object.fromEntries(slots)) }];
}

/** What is published at once when it changes; the rest of a record is constant, or a mere position. */
const sameEssence = (one: MemberRecord, other: MemberRecord): boolean =>
  one.leaseId === other.leaseId &&
  one.role === other.role &&
  one.state === other.state &&
  one.timeline === other.timeline &&
  one.copyId === other.copyId &&
  one.fencedTerm === other.fencedTerm &&
  one.divergedKept === other.divergedKept &&
  // Whether there is room, not how much: a disk in use never stands still.
  lacksRoom(one.freeBytes) === lacksRoom(other.freeBytes);

function memberRecordOf(
  settings: MemberSettings,
  version: string,
  view: View,
  leaseId: LeaseId,
  lastLedTerm: Revision | null,
): MemberRecord {
  const pg = view.postgres;
  const { timeline, lsn, replayLsn } = ownPositions(pg);
  return {
    name: settings.name,
    host: settings.postgres.host,
    port: settings.postgres.port,
    apiUrl: settings.apiUrl,
    role: ownRole(view),
    state: ownState(view),
    version,
    protocol: protocolVersion,
    serverVersion:
      pg.kind === 'stopped'
        ? pg.data.serverVersion
        : pg.kind === 'standby' || pg.kind === 'primary'
          ? pg.serverVersion
          : null,
    location: settings.location,
    priority: settings.priority,
    tags: tagsOf(settings),
    timeline,
    lsn,
    replayLsn,
    leaseId,
    copyId: ownCopy(pg),
    fencedTerm: view.guardian.child.kind === 'none' ? lastLedTerm : null,
    freeBytes: view.room === null ? null : freeBytes(view.room),
    divergedKept: view.memory.divergedKept,
    restartingUntil: null,
  };
}

const tagsOf = ({ nofailover, nosync }: MemberSettings): MemberRecord['tags'] =>
  nofailover || nosync ? { ...(nofailover && { nofailover }), ...(nosync && { nosync }) } : {};
