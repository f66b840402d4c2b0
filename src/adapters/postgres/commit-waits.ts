/** What commits wait for, changed while the server runs. That they really wait is proved elsewhere. */
import type { Ms } from '../../core/units.ts';
import type { CommitWaits } from '../../ports/postgres.ts';
import { changeConfiguration, waitsSetting } from './configuration.ts';
import type { Instance } from './instance.ts';
import { reloadUntilShown } from './reload.ts';
import { only, text } from './row.ts';
import { renderWaits } from './standby-names.ts';
import { until } from './until.ts';

/** How long the walsenders are given to show the new names; what they show proves nothing. */
const shownLimitMs: Ms = 500;
const askLimitMs: Ms = 1_000;
const everyMs: Ms = 5;

/** Throws OperationFailure or SessionFailure. */
export async function waitFor(instance: Instance, waits: CommitWaits, signal: AbortSignal): Promise<void> {
  const { clock, control } = instance;
  await changeConfiguration(instance, waitsSetting(waits));
  await reloadUntilShown(instance, 'synchronous_standby_names', renderWaits(waits), signal);
  if (waits.names.length === 0) return;
  const question =
    "SELECT coalesce(string_agg(application_name, ','), '') AS names FROM pg_stat_replication WHERE sync_state = 'sync'";
  const shown = until(
    { clock, limitMs: shownLimitMs, everyMs, signal },
    async (leftMs) => {
      const row = only(
        await control.use(Math.min(leftMs, askLimitMs), (talk, left) => talk.run(question, left()), signal),
      );
      const names = text(row, 'names').split(',');
      return waits.names.every((name) => names.includes(name)) ? true : null;
    },
    () => 'the walsenders do not show it yet',
  );
  await shown.catch((failure: unknown) => {
    if (signal.aborted) throw failure;
  });
}
