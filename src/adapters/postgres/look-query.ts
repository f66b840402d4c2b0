/** The one question of a look. Everything that only a primary or only a standby can answer is asked of that one alone. */
import type { Prepared } from './session.ts';

/** application_name of the session that probes with commits; the look says whether it waits. */
export const probeName = 'baton-probe';

/** Prepared: parsing and planning it costs PostgreSQL ten times as much as answering, ten times a second. */
export const lookQuestion: Prepared = {
  name: 'baton_look',
  text: `
WITH me AS MATERIALIZED (SELECT pg_is_in_recovery() AS recovering)
SELECT
  me.recovering,
  (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
  current_setting('server_version_num')::int AS server_version,
  pg_postmaster_start_time()::text AS run_id,
  checkpoint.timeline_id AS checkpoint_timeline,
  (SELECT min_recovery_end_timeline FROM pg_control_recovery()) AS recovery_timeline,
  current_setting('synchronous_standby_names') AS waits,
  current_setting('primary_conninfo') AS conninfo,
  CASE WHEN NOT me.recovering THEN pg_current_wal_lsn()::text END AS current_lsn,
  CASE WHEN NOT me.recovering THEN pg_walfile_name(pg_current_wal_insert_lsn()) END AS current_file,
  CASE WHEN NOT me.recovering THEN (
    SELECT json_agg(json_build_object('name', sender.application_name, 'state', sender.state,
      'sync_state', sender.sync_state, 'sync_priority', sender.sync_priority,
      'flush_lsn', sender.flush_lsn::text, 'replay_lsn', sender.replay_lsn::text, 'slot', slot.slot_name))
    FROM pg_stat_replication sender LEFT JOIN pg_replication_slots slot ON slot.active_pid = sender.pid) END AS senders,
  CASE WHEN NOT me.recovering THEN EXISTS (
    SELECT FROM pg_stat_activity
    WHERE application_name = '${probeName}' AND wait_event = 'SyncRep') ELSE false END AS probe_waits,
  NOT me.recovering AND current_setting('archive_mode') <> 'off' AND (
    SELECT last_failed_time IS NOT NULL AND last_failed_time > coalesce(last_archived_time, '-infinity')
    FROM pg_stat_archiver) AS archiver_fails,
  (SELECT count(*)::int FROM pg_stat_progress_basebackup) AS base_backups,
  CASE WHEN me.recovering THEN pg_last_wal_receive_lsn()::text END AS received_lsn,
  CASE WHEN me.recovering THEN pg_last_wal_replay_lsn()::text END AS replayed_lsn,
  CASE WHEN me.recovering THEN pg_get_wal_replay_pause_state() <> 'not paused' ELSE false END AS paused,
  CASE WHEN me.recovering THEN to_char(pg_last_xact_replay_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END AS replayed_at,
  CASE WHEN me.recovering AND receiver.received_tli IS NULL THEN
    (SELECT max(substr(name, 1, 8)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$') END AS newest_wal_timeline,
  receiver.received_tli AS received_timeline,
  receiver.status AS receiver_status,
  receiver.sender_host AS sender_host,
  receiver.sender_port AS sender_port
FROM me CROSS JOIN pg_control_checkpoint() checkpoint LEFT JOIN pg_stat_wal_receiver receiver ON true`,
};

/** Asked only when what applies is not what the file says: the place that it comes from, or null while a reload is due. */
export const waitsPlaceQuery = `
SELECT CASE WHEN source <> 'default' AND sourcefile IS DISTINCT FROM current_setting('data_directory') || '/postgresql.conf'
  THEN coalesce(sourcefile, source) END AS place
FROM pg_settings WHERE name = 'synchronous_standby_names'`;

/** Where the settings that Baton rules come from, and who weakens commits behind its back. */
export const warningsQuery = `
SELECT format('%s is %L from %s, not what batond wrote: ALTER SYSTEM RESET %s', name, setting, coalesce(sourcefile, source), name) AS warning
FROM pg_settings
WHERE name IN ('synchronous_standby_names', 'primary_conninfo', 'primary_slot_name')
  AND source <> 'default' AND sourcefile IS DISTINCT FROM current_setting('data_directory') || '/postgresql.conf'
UNION ALL
SELECT format('%s weakens commits with %s: what it writes may be lost in a failover', CASE
    WHEN setrole = 0 THEN format('database %I', (SELECT datname FROM pg_database WHERE oid = setdatabase))
    WHEN setdatabase = 0 THEN format('role %I', setrole::regrole)
    ELSE format('role %I in database %I', setrole::regrole, (SELECT datname FROM pg_database WHERE oid = setdatabase)) END, setting)
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setting ~ '^synchronous_commit=' AND setting !~ '=(on|true|yes|1|remote_apply)$'
LIMIT 20`;
