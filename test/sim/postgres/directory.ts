/** A data directory of the simulation: what is on the disk, and nothing of what is in memory. */
import { copyName } from '../../../src/core/copy-name.ts';
import type { CopyId, Lsn, MemberName } from '../../../src/core/units.ts';
import { formatLsn, lsn, parseLsn, timeline } from '../../../src/core/units.ts';
import type { DataDirectory } from '../../../src/core/postgres-view.ts';
import { parseHistory } from '../../../src/core/timeline-history.ts';
import type { CommitWaits, Upstream } from '../../../src/ports/postgres.ts';
import type { Disk } from '../hosts/disk.ts';
import { Slots } from './slots.ts';

/** Every record is as long as the message that the write probe emits (measured: 104 bytes). */
export const recordBytes = 104;
const firstLsn = 0x300_0000n;

export interface WalRecord {
  readonly timeline: number;
  /** Its place in the log: record n begins where n records end. */
  readonly position: number;
  /** Unique in the simulation: two records at one place of one timeline are two contents. */
  readonly uid: number;
  readonly kind: 'commit' | 'probe' | 'checkpoint' | 'end-of-recovery';
  /** What the client wrote. */
  readonly id: string | null;
}

/** Where a log of `count` records ends. */
export const endLsn = (count: number): Lsn => lsn(firstLsn + BigInt(count * recordBytes));
export const countAt = (position: Lsn): number => Math.floor(Number(position - firstLsn) / recordBytes);

export interface Fork {
  readonly parent: number;
  /** Records of the parent that belong to the new timeline's past. */
  readonly count: number;
}

export class SimDirectory {
  readonly systemIdentifier: string;
  readonly disk: Disk;
  /** Durable up to `flushed`; the rest is in memory of the running server and goes with it. */
  records: WalRecord[] = [];
  flushed = 0;
  /** The log from this record on is there as WAL; what came before is in the tables only. */
  walFrom = 0;
  timeline = 1;
  /** pg_wal/<timeline>.history */
  readonly histories = new Map<number, string>();
  state: DataDirectory['clusterState'] = 'shut down';
  checkpoint: { position: number; timeline: number } = { position: 0, timeline: 1 };
  minRecoveryEnd = 0;
  /** A rewound or cloned directory is no database before it has replayed up to here. */
  consistentAt = 0;
  standbySignal = false;
  copy: { readonly member: MemberName; readonly copyId: CopyId } | null = null;
  unstartable: string | null = null;
  /** What Baton's file says. */
  waits: CommitWaits = { names: [], nobody: false };
  /** What postgresql.auto.conf says in place of it (ALTER SYSTEM); null when it says nothing. */
  override: CommitWaits | null = null;
  admits: 'everybody' | 'baton-only' = 'everybody';
  /** default_transaction_read_only, as Baton's file says it. */
  readOnly = false;
  upstream: Upstream | null = null;
  readonly slots = new Slots();
  /** The file that asks a standby to promote itself. */
  promoteFile = false;

  constructor(systemIdentifier: string, disk: Disk) {
    this.systemIdentifier = systemIdentifier;
    this.disk = disk;
  }

  /** What a power cut or SIGKILL leaves. */
  loseMemory(): void {
    this.records.length = this.flushed;
  }

  /** What a standby was sent: the next records, and the histories of the timelines that they are on. */
  append(records: readonly WalRecord[], histories: ReadonlyMap<number, string>): void {
    for (const record of records) {
      if (record.position !== this.records.length) continue;
      this.records.push(record);
      if (record.timeline <= this.timeline) continue;
      this.timeline = record.timeline;
      for (const [number, content] of histories) this.histories.set(number, content);
    }
  }

  /** The next timeline that no history file here knows, from the end of the log on. */
  fork(): void {
    const parent = this.timeline;
    while (this.histories.has(this.timeline + 1)) this.timeline += 1;
    this.timeline += 1;
    this.histories.set(this.timeline, (this.histories.get(parent) ?? '') + historyLine(parent, this.records.length));
    this.standbySignal = false;
    this.promoteFile = false;
  }

  /** What a checkpoint leaves of the log: the segment that it is in, and what slots keep. Slots that are lost by it. */
  recycle(): readonly string[] {
    const { segmentRecords, slotKeptRecords } = this.disk.circumstances;
    const lost = this.slots.loseBeyond(this.flushed, slotKeptRecords);
    const keep = this.slots.keepFrom(this.checkpoint.position);
    this.walFrom = Math.max(this.walFrom, keep - (keep % segmentRecords));
    return lost;
  }

  /** recovery_target_timeline = latest: a newer timeline that its history files lead to, and that it is not on yet. */
  followsBranch(): number | null {
    const newest = Math.max(this.timeline, ...this.histories.keys());
    const fork = lastFork(this.histories.get(newest) ?? '');
    return newest > this.timeline && fork?.parent === this.timeline && fork.count >= this.records.length
      ? newest
      : null;
  }

  /** The target of recovery is the newest timeline that histories lead to without a gap; a server that is not on its way stays down. */
  cannotFollow(): string | null {
    let target = this.timeline;
    while (this.histories.has(target + 1)) target += 1;
    if (target === this.timeline || this.#leadsOn(this.histories.get(target) ?? '')) return null;
    return `requested timeline ${target} is not a child of this server's history`;
  }

  /** As the production does before a start as a standby. */
  removeForeignHistories(): void {
    for (const [number, content] of this.histories)
      if (number > this.timeline && !this.#leadsOn(content)) this.histories.delete(number);
  }

  #leadsOn(content: string): boolean {
    const left = parseHistory(content).find((line) => line.timeline === this.timeline);
    return left !== undefined && left.endLsn >= this.describe().lsn;
  }

  copyName(): string | null {
    return this.copy === null ? null : copyName(this.copy.member, this.copy.copyId);
  }

  /** The forks that lead to the current timeline, newest first. */
  ancestry(): ReadonlyMap<number, Fork> {
    const forks = new Map<number, Fork>();
    for (let child = this.timeline; child > 1; ) {
      const parent = lastFork(this.histories.get(child) ?? '');
      if (parent === null) break;
      forks.set(child, parent);
      child = parent.parent;
    }
    return forks;
  }

  describe(): DataDirectory {
    return {
      systemIdentifier: this.systemIdentifier,
      serverVersion: 150_018,
      timeline: timeline(this.timeline),
      checkpointLsn: endLsn(this.checkpoint.position),
      lsn: endLsn(Math.max(this.checkpoint.position + 1, this.minRecoveryEnd)),
      clusterState: this.state,
      standbySignal: this.standbySignal,
      copyId: this.copy?.copyId ?? null,
      unstartable: this.unstartable,
    };
  }
}

/** The newest line of a history file: which timeline it left, and where. */
export function lastFork(content: string): Fork | null {
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const columns = lines.at(-1)?.split('\t') ?? [];
  const [parent, position] = columns;
  if (parent === undefined || position === undefined) return null;
  return { parent: Number(parent), count: countAt(parseLsn(position)) };
}

export function historyLine(parent: number, count: number): string {
  return `${parent}\t${formatLsn(endLsn(count))}\tno recovery target specified\n`;
}
