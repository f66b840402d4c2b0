/**
 * A fault of chaos: what is done to a healthy cluster under load, how it is undone, and what must come of it. To add
 * one, write an object like those in `faults/` and name it in `faults/all.ts`.
 */
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Rule } from '../../src/core/rules.ts';
import type { Random } from '../../test/sim/clock/random.ts';
import type { ChaosCluster } from './cluster.ts';
import type { JournalMark } from './journal-mark.ts';

export const families = [
  'kill',
  'freeze',
  'partition',
  'etcd',
  'power',
  'aimed',
  'operator',
  'disk',
  'clock',
  'sql',
] as const;
export type Family = (typeof families)[number];

export interface Fault {
  /** Its option: lower case and dashes, the family first. */
  readonly name: string;
  readonly family: Family;
  /** A sentence for people who were not there, without a full stop. */
  readonly says: string;
  /** All of them by default. */
  readonly modes?: readonly SyncMode[];
  /** Members that it takes at least; 2 by default. */
  readonly members?: 2 | 3;
  /**
   * `compiler`: gcc, for the library that gives processes a bad disk or clock. `throttles`: root, and version 1 of control
   * groups, for a disk that hangs in the kernel. Left out, and said, without it.
   */
  readonly needs?: 'compiler' | 'throttles';
  /** Done to a healthy cluster before the clients begin; it must become healthy again by itself. */
  prepare?(cluster: ChaosCluster): Promise<void>;
  /** Milliseconds from its beginning to its healing, drawn for each round. */
  readonly lastsMs: readonly [min: number, max: number];
  /** A round in which a busy machine made it last longer says nothing: what must come of it is another thing then. */
  readonly noLonger?: true;
  /** Ends as soon as it is done. Before each thing that lasts it says how to undo it. */
  inject(stage: Stage): Promise<void>;
  readonly expects: Expectation;
}

/** A round's surroundings. */
export interface Stage {
  readonly cluster: ChaosCluster;
  /** Who led before. */
  readonly leader: string;
  /** The first of the others: the one in `sync`, but in mode `off`. */
  readonly standby: string;
  readonly random: Random;
  readonly mode: SyncMode;
  /** Done at the healing, the last first, also when `inject` failed half way. Nothing: the cluster mends itself. */
  undo(heal: () => unknown): void;
  /** Everything journalled since the round began. */
  readonly journal: JournalMark;
  readonly say: (text: string) => void;
}

/** What must come of a fault, by mode where the modes differ. */
export interface Expectation {
  /** Who leads when all is well again. */
  readonly leader: PerMode<'same' | 'other' | 'either'>;
  /** How often somebody is promoted or starts as a primary of a new timeline. */
  readonly promotions: PerMode<readonly [min: number, max: number]>;
  /** Who says of himself that he leads just before the healing. */
  readonly meanwhile?: PerMode<'same' | 'other' | 'nobody' | 'anybody'>;
  /** The longest time in which no client got an acknowledgement. */
  readonly outage: PerMode<Outage>;
  /** From the healing until one more failure would be survived. */
  readonly redundantMsMax: number;
  /** Each must be in a member's journal; of a list, one. */
  readonly rules?: PerMode<readonly (Rule | readonly Rule[])[]>;
  /** None of these may be in one. */
  readonly never?: readonly Rule[];
  /** Acknowledged rows that mode `off` may lose; none when left out. Other modes lose none. */
  readonly rowsLostMaxOff?: number;
}

/** `afterHealing`: writes may wait for as long as the fault lasts, and for so long after it. */
export type Outage = { readonly msMax: number } | { readonly msMaxAfterHealing: number };
/** `or`: for modes that are not named. */
export type PerMode<T> = { readonly [mode in SyncMode]?: T } & { readonly or: T };

export const inMode = <T>(mode: SyncMode, values: PerMode<T>): T => values[mode] ?? values.or;
export const always = <T>(value: T): PerMode<T> => ({ or: value });
