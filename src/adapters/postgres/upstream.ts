/** Points a running standby at another upstream, or at none. */
import { copyName } from '../../core/copy-name.ts';
import type { Ms } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import { changeConfiguration, upstreamSettings } from './configuration.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { reloadUntilShown } from './reload.ts';
import { flag, only } from './row.ts';
import { until } from './until.ts';

const changeLimitMs: Ms = 4_000;
const askLimitMs: Ms = 1_000;
const everyMs: Ms = 3;

/** Ends when the old stream is over: with null, nothing that the old primary writes from then on can arrive here. */
export async function follow(instance: Instance, upstream: Upstream | null, signal: AbortSignal): Promise<void> {
  const { clock, control, options } = instance;
  const copyId = await instance.copyId();
  if (copyId === null)
    throw new OperationFailure(`${instance.dataDir} holds no copy that belongs to ${options.member}`, false);
  const settings = await upstreamSettings(instance, upstream, copyName(options.member, copyId));
  await changeConfiguration(instance, settings);
  await reloadUntilShown(instance, 'primary_conninfo', settings.primary_conninfo, signal);
  // The walreceiver shows whom it is connected to; one that is only starting shows nothing, and is new.
  const receiver = "pg_stat_activity WHERE backend_type = 'walreceiver'";
  const others =
    upstream === null
      ? `SELECT EXISTS (SELECT FROM ${receiver}) AS others`
      : `SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE sender_port <> ${upstream.port} OR sender_host <> '${upstream.host.replaceAll("'", "''")}') AS others`;
  await until(
    { clock, limitMs: changeLimitMs, everyMs, signal },
    async (leftMs) =>
      flag(
        only(await control.use(Math.min(leftMs, askLimitMs), (talk, left) => talk.run(others, left()), signal)),
        'others',
      )
        ? null
        : true,
    () => 'the walreceiver still streams from the old upstream',
  );
}
