/** Consumers of logical replication, ended before a shutdown. */
import type { Ms } from '../../core/units.ts';
import type { Instance } from './instance.ts';
import { number, only } from './row.ts';
import { until } from './until.ts';

const endLimitMs: Ms = 500;
const everyMs: Ms = 5;

/**
 * A shutdown waits until every walsender has sent all of the WAL, and one whose consumer reads nothing keeps even the
 * shutdown checkpoint waiting. Physical ones are left alone: the candidate needs its stream. Throws OperationFailure or
 * SessionFailure when one does not end.
 */
export async function endLogicalStreams(instance: Instance, signal: AbortSignal): Promise<void> {
  const { clock, control } = instance;
  const question = `SELECT count(pg_terminate_backend(active_pid))::int AS active
    FROM pg_replication_slots WHERE slot_type = 'logical' AND active`;
  await until(
    { clock, limitMs: endLimitMs, everyMs, signal },
    async (leftMs) => {
      const rows = await control.use(leftMs, (talk, left) => talk.run(question, left()), signal);
      return number(only(rows), 'active') === 0 ? true : null;
    },
    () => 'a consumer of logical replication does not end',
  );
}
