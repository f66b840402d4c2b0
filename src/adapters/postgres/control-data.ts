/** The control file of a data directory at rest, as pg_controldata prints it. */
import { type Lsn, parseLsn, type Timeline } from '../../core/units.ts';
import type { DataDirectory } from '../../core/postgres-view.ts';
import { OperationFailure } from './failure.ts';

export interface ControlData {
  readonly systemIdentifier: string;
  readonly clusterState: DataDirectory['clusterState'];
  readonly checkpointLsn: Lsn;
  readonly checkpointTimeline: Timeline;
  /** Zero when there is none. */
  readonly minimumRecoveryLsn: Lsn;
  /** Zero when there is none. */
  readonly minimumRecoveryTimeline: Timeline;
  readonly walSegmentBytes: number;
  /** pg_rewind can work on it: checksums or wal_log_hints. */
  readonly rewindable: boolean;
  /** What a standby's own settings may not be below: PostgreSQL would refuse to start, or pause replay. */
  readonly settings: Readonly<Record<StandbyMinimum, number>>;
}

export const standbyMinimums = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
] as const;
/** Control file names differ from the settings' in one case only. */
const printedAs: Partial<Record<StandbyMinimum, string>> = {
  max_prepared_transactions: 'max_prepared_xacts',
  max_locks_per_transaction: 'max_locks_per_xact',
};
export type StandbyMinimum = (typeof standbyMinimums)[number];

const clusterStates: readonly string[] = [
  'shut down',
  'shut down in recovery',
  'in production',
  'in crash recovery',
  'in archive recovery',
  'starting up',
  'shutting down',
] satisfies readonly DataDirectory['clusterState'][];

/** `printed` must be of LC_ALL=C. Throws OperationFailure for what is missing. */
export function parseControlData(printed: string): ControlData {
  const values = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  const value = (name: string): string => {
    const found = values.get(name);
    if (found === undefined) throw new OperationFailure(`pg_controldata does not print "${name}"`, false);
    return found;
  };
  const clusterState = value('Database cluster state');
  if (!clusterStates.includes(clusterState)) {
    throw new OperationFailure(`pg_controldata says the cluster state is "${clusterState}", which is not known`, false);
  }
  const settings = standbyMinimums.map((name) => [name, Number(value(`${printedAs[name] ?? name} setting`))] as const);
  return {
    systemIdentifier: value('Database system identifier'),
    clusterState: clusterState as DataDirectory['clusterState'],
    checkpointLsn: parseLsn(value('Latest checkpoint location')),
    checkpointTimeline: Number(value("Latest checkpoint's TimeLineID")) as Timeline,
    minimumRecoveryLsn: parseLsn(value('Minimum recovery ending location')),
    minimumRecoveryTimeline: Number(value("Min recovery ending loc's timeline")) as Timeline,
    walSegmentBytes: Number(value('Bytes per WAL segment')),
    rewindable: value('Data page checksum version') !== '0' || value('wal_log_hints setting') === 'on',
    settings: Object.fromEntries(settings) as Record<StandbyMinimum, number>,
  };
}
