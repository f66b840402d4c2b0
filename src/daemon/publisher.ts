/** Keeps this member's key in etcd: at once when something about it changed, and every 10 s for mere positions. */
import type { Key, MemberRecord } from '../core/cluster.ts';
import { isMine, ownCopy, ownLease } from '../core/cluster-queries.ts';
import { formatMember, formatStatus, keyOf, protocolVersion } from '../core/key-format.ts';
import type { Write } from '../core/transaction.ts';
import { unchanged } from '../core/transactions.ts';
import { elapsed, type LeaseId, type MonoMs, type Ms, type Revision } from '../core/units.ts';
import { ownPositions, ownState } from '../core/own-state.ts';
import { freeBytes, lacksRoom } from '../core/room.ts';
import type { View } from '../core/view.ts';
import type { SupervisorDeps } from './supervisor.ts';

const positionsEveryMs: Ms = 10_000;
const commitLimitMs: Ms = 1_000;
const retryAfterMs: Ms = 500;

export class Publisher {
  readonly #deps: SupervisorDeps;
  readonly #version: string;
  #published: { readonly essence: Essence; readonly atMono: MonoMs } | null = null;
  #notBeforeMono: MonoMs | null = null;
  #underWay = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#version = deps.version;
  }

  /** Writes the member key if it is due. One write at a time; a failed one is repeated with what is true then. */
  consider(view: View, lastLedTerm: Revision | null): void {
    const lease = ownLease(view);
    // What is not known yet must not replace what was known: others decide on it.
    const unread =
      view.coordinator.kind === 'never-read' || view.memory.held.length > 0 || view.postgres.kind === 'unknown';
    if (this.#underWay || lease === null || unread) return;
    if (this.#notBeforeMono !== null && view.nowMono < this.#notBeforeMono) return;
    const essence = essenceOf(view, lease, lastLedTerm);
    const theirs = view.coordinator.kind === 'read' ? view.coordinator.state.members.get(view.self.name) : undefined;
    // Two daemons of one name: the one that is there keeps the key, the other says so (obstacles).
    if (theirs?.kind === 'present' && theirs.value.leaseId !== lease) return;
    const overwritten = theirs?.kind === 'malformed';
    const stale =
      overwritten || this.#published === null || elapsed(this.#published.atMono, view.nowMono) >= positionsEveryMs;
    if (!stale && this.#published !== null && sameEssence(this.#published.essence, essence)) return;
    this.#underWay = true;
    const record = memberRecordOf(this.#deps, this.#version, view, essence);
    void this.#write(record, essence, view.nowMono, theirs ?? { kind: 'absent' }, leaderStatus(view));
  }

  async #write(
    record: MemberRecord,
    essence: Essence,
    atMono: MonoMs,
    over: Key<MemberRecord>,
    status: readonly Write[],
  ): Promise<void> {
    const { coordinator, clock } = this.#deps;
    const key = keyOf.member(record.name);
    const outcome = await coordinator.commit(
      {
        compares: [unchanged(key, over)],
        writes: [{ op: 'put', key, value: formatMember(record), leaseId: record.leaseId }, ...status],
      },
      commitLimitMs,
    );
    this.#underWay = false;
    if (outcome.kind !== 'applied') coordinator.refresh();
    if (outcome.kind === 'applied') this.#published = { essence, atMono };
    else this.#notBeforeMono = (clock.mono() + retryAfterMs) as MonoMs;
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
type Essence = Pick<
  MemberRecord,
  'leaseId' | 'role' | 'state' | 'timeline' | 'copyId' | 'fencedTerm' | 'freeBytes' | 'divergedKept'
>;

function essenceOf(view: View, leaseId: LeaseId, lastLedTerm: Revision | null): Essence {
  const pg = view.postgres;
  return {
    leaseId,
    role: pg.kind === 'primary' ? 'primary' : pg.kind === 'absent' ? 'uninitialized' : 'replica',
    state: ownState(view),
    timeline: ownPositions(pg).timeline,
    copyId: ownCopy(pg),
    fencedTerm: view.guardian.child.kind === 'none' ? lastLedTerm : null,
    freeBytes: view.room === null ? null : freeBytes(view.room),
    divergedKept: view.memory.divergedKept,
  };
}

const sameEssence = (one: Essence, other: Essence): boolean =>
  one.leaseId === other.leaseId &&
  one.role === other.role &&
  one.state === other.state &&
  one.timeline === other.timeline &&
  one.copyId === other.copyId &&
  one.fencedTerm === other.fencedTerm &&
  one.divergedKept === other.divergedKept &&
  // Whether there is room, not how much: a disk in use never stands still.
  lacksRoom(one.freeBytes) === lacksRoom(other.freeBytes);

function memberRecordOf(deps: SupervisorDeps, version: string, view: View, essence: Essence): MemberRecord {
  const { settings } = deps;
  const pg = view.postgres;
  return {
    name: settings.name,
    host: settings.postgres.host,
    port: settings.postgres.port,
    apiUrl: settings.apiUrl,
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
    tags: { ...(settings.nofailover ? { nofailover: true } : {}), ...(settings.nosync ? { nosync: true } : {}) },
    ...ownPositions(pg),
    restartingUntil: null,
    ...essence,
  };
}
