/** The settings that Baton rules, and why a user's value does not. */
import { serverName } from '../../core/fence-target.ts';
import type { Instance } from './instance.ts';
import { type StandbyMinimum, standbyMinimums } from './control-data.ts';
import { slotWalKept } from './slot-wal.ts';

export type Settings = Readonly<Record<string, string>>;

/** Baton needs at least these for itself and the members. */
const leastSenders = 10;
const reserveWanted = 10;
/** PostgreSQL's own default of max_connections. */
const connectionsDefault = 100;

/**
 * Given on the command line, so that postgresql.auto.conf cannot override them. They change only with a restart.
 * `minimums` are of the control file: a standby below them would not start.
 */
export async function fixedSettings(
  instance: Instance,
  minimums: Partial<Record<StandbyMinimum, number>>,
): Promise<Settings> {
  const { options } = instance;
  const parameters = options.parameters;
  const atLeast = (name: string, least: number): string => String(Math.max(least, numberOf(parameters[name]) ?? 0));
  return {
    listen_addresses: options.listen.host,
    port: String(options.listen.port),
    unix_socket_directories: options.stateDir,
    cluster_name: serverName(options.cluster, options.member),
    wal_level: parameters['wal_level'] === 'logical' ? 'logical' : 'replica',
    wal_log_hints: 'on',
    full_page_writes: 'on',
    fsync: 'on',
    hot_standby: 'on',
    max_wal_senders: atLeast('max_wal_senders', leastSenders),
    max_replication_slots: atLeast('max_replication_slots', leastSenders),
    ...raised(parameters, minimums),
    // The slot of a member that stays away must not fill the disk; that member is cloned again then.
    max_slot_wal_keep_size: String(parameters['max_slot_wal_keep_size'] ?? (await slotWalKept(instance.dataDir))),
    superuser_reserved_connections: String(reserve(parameters)),
    // A crashed backend is an exit of the server, and a failover.
    restart_after_crash: 'off',
    data_sync_retry: 'off',
    recovery_init_sync_method: 'syncfs',
    recovery_target_timeline: 'latest',
    // An idle stream must not look silent, and a dead one must be noticed.
    wal_sender_timeout: '2s',
    wal_receiver_timeout: '2s',
    wal_receiver_status_interval: '1s',
    // A commit that waits for a standby to reconnect waits for this.
    wal_retrieve_retry_interval: '100ms',
    // A promotion waits for queries on the standby no longer than this.
    max_standby_streaming_delay: '100ms',
    synchronous_commit: 'on',
    password_encryption: 'scram-sha-256',
  };
}

/**
 * In the file only, since a command may name secrets. A promotion waits for the archive as long as one attempt takes:
 * one that takes longer is given up, and the standby asks again.
 */
export const restoreSettings = ({ options }: Instance): Settings =>
  options.restoreCommand === undefined
    ? {}
    : { restore_command: `timeout 1 sh -c '${options.restoreCommand.replaceAll("'", `'\\''`)}'` };

/** Settings of Baton's that a reload changes; they live in the file alone, and what applies is read back. */
export const reloadable = [
  'synchronous_standby_names',
  'primary_conninfo',
  'primary_slot_name',
  'default_transaction_read_only',
] as const;
export type Reloadable = Readonly<Record<(typeof reloadable)[number], string>>;

/** Where the control file asks for more than the user (who may be raising or lowering it): the standby obeys it. */
function raised(
  parameters: Instance['options']['parameters'],
  minimums: Partial<Record<StandbyMinimum, number>>,
): Settings {
  const settings: Record<string, string> = {};
  for (const name of standbyMinimums) {
    const least = Math.max(minimums[name] ?? 0, name === 'max_wal_senders' ? leastSenders : 0);
    const wanted = numberOf(parameters[name]);
    if (least > (wanted ?? 0)) settings[name] = String(least);
  }
  return settings;
}

/**
 * Baton's own sessions must find a place when clients, all of them waiting for a standby, fill the rest: it holds three,
 * probes with another, each peer holds up to two, and a proof takes two.
 */
function reserve(parameters: Instance['options']['parameters']): number {
  const connections = numberOf(parameters['max_connections']) ?? connectionsDefault;
  const wanted = numberOf(parameters['superuser_reserved_connections']) ?? 0;
  return Math.max(wanted, Math.min(reserveWanted, Math.floor(connections / 3)));
}

function numberOf(value: string | number | boolean | undefined): number | null {
  const parsed = typeof value === 'boolean' || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}
