/** Sessions of Baton's own that nobody listens to any more. */
import { escapeLiteral } from 'pg';

/**
 * SQL that ends what a session of this name left waiting for a standby. A backend in that wait does not notice that its
 * client has gone: without this, each probe that gave up, and each batond that was killed during one, would hold a
 * place, and a blocked server would have none left for the member that comes back to unblock it. To end a wait is not
 * to cancel it: nobody is told of a commit. The name must be that of one session of one member.
 */
export const endLeftBehind = (applicationName: string): string =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
   WHERE application_name = ${escapeLiteral(applicationName)} AND usename = current_user
     AND wait_event = 'SyncRep' AND pid <> pg_backend_pid()`;
