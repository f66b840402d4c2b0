/** PostgreSQL settings that Baton sets itself: giving them in `postgres.parameters` is refused, with the reason. */
import { z } from 'zod';
import { fieldProblem } from './problem.ts';

const place = 'it says where things are: ';
const commits = 'what a commit waits for is decided by the cluster: ';
const detection = 'failure detection is tuned to it: ';

const reserved = new Map<string, string>([
  ['data_directory', `${place}set postgres.dataDir`],
  ['listen_addresses', `${place}set postgres.listen`],
  ['port', `${place}set postgres.listen`],
  ['unix_socket_directories', `${place}the socket is under state`],
  ['config_file', `${place}Baton writes postgresql.conf in the data directory`],
  ['hba_file', `${place}Baton writes pg_hba.conf in the data directory; add lines under postgres.hba`],
  ['ident_file', `${place}Baton uses the one in the data directory`],
  ['external_pid_file', `${place}Baton reads postmaster.pid in the data directory`],
  ['include', 'Baton writes the whole configuration: put the settings under postgres.parameters'],
  ['include_dir', 'Baton writes the whole configuration: put the settings under postgres.parameters'],
  ['include_if_exists', 'Baton writes the whole configuration: put the settings under postgres.parameters'],
  ['cluster_name', 'Baton sets it to the name of the cluster'],
  ['synchronous_standby_names', `${commits}set shared.synchronous.mode`],
  ['synchronous_commit', `${commits}below on, an acknowledged commit may be lost`],
  ['fsync', 'without it a crash loses acknowledged commits'],
  ['full_page_writes', 'without it a crash can destroy the data directory'],
  ['primary_conninfo', 'Baton points standbys at the leader'],
  ['primary_slot_name', 'Baton gives each standby its own slot'],
  ['restore_command', 'set postgres.restoreCommand, which Baton bounds in time'],
  ['recovery_target', 'a standby must follow the newest timeline'],
  ['recovery_target_timeline', 'a standby must follow the newest timeline'],
  ['recovery_target_lsn', 'a standby must follow to the end'],
  ['recovery_target_name', 'a standby must follow to the end'],
  ['recovery_target_time', 'a standby must follow to the end'],
  ['recovery_target_xid', 'a standby must follow to the end'],
  ['recovery_target_inclusive', 'a standby must follow to the end'],
  ['recovery_target_action', 'a standby must follow to the end'],
  ['recovery_min_apply_delay', 'a delayed standby could not be promoted in time'],
  ['promote_trigger_file', 'only Baton promotes'],
  ['hot_standby', 'Baton must be able to ask a standby how far it is'],
  ['wal_log_hints', 'a failed primary is rewound, which needs it on'],
  ['restart_after_crash', 'a crashed backend is an exit and a failover, not a silent restart'],
  ['recovery_init_sync_method', 'Baton chooses the one that starts fastest'],
  ['wal_sender_timeout', `${detection}an idle primary must not fall silent`],
  ['wal_receiver_timeout', `${detection}a broken stream must be noticed`],
  ['wal_receiver_status_interval', `${detection}standbys report at least every second`],
  ['wal_retrieve_retry_interval', `${detection}commits wait for a standby that reconnects`],
  ['max_standby_streaming_delay', 'a query on a standby must not hold up its promotion'],
  ['password_encryption', 'Baton stores and expects scram-sha-256'],
  ['default_transaction_read_only', 'Baton uses it to fence an old primary'],
]);

const slotsMin = 10;

/** `parameters` as PostgreSQL's text. Names are lower-cased, as PostgreSQL reads them. */
export const parameters = () =>
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).transform((written, context) => {
    const settings: Record<string, string> = {};
    for (const [key, value] of Object.entries(written)) {
      const name = key.toLowerCase();
      const trouble = problemOf(name, String(value));
      if (trouble !== null) context.addIssue(fieldProblem(trouble[0], trouble[1], [key]));
      else if (name in settings)
        context.addIssue(fieldProblem('is given twice', 'PostgreSQL ignores case: remove one', [key]));
      else settings[name] = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
    }
    return settings;
  });

function problemOf(name: string, value: string): readonly [problem: string, mend: string] | null {
  if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(name)) return ['is not the name of a setting', 'remove it'];
  const reason = reserved.get(name);
  if (reason !== undefined) return ['is set by Baton', `remove it; ${reason}`];
  if (/[\r\n\0]/.test(value)) return ['has a line break in its value', 'write it on one line'];
  if (name === 'wal_level' && !['replica', 'logical'].includes(value))
    return [`${value} cannot feed a standby`, 'write replica or logical'];
  if ((name === 'max_wal_senders' || name === 'max_replication_slots') && !(Number(value) >= slotsMin))
    return ['is too small for standbys, clones and backups together', `write at least ${slotsMin}, or leave it out`];
  return null;
}
