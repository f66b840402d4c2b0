/** A promotion was given up, perhaps by a daemon that died: what it changed in the files is taken back. */
import { admit } from './access.ts';
import { changeConfiguration, readOnlySetting, waitsSetting } from './configuration.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { flag, only } from './row.ts';

const askLimitMs = 1_000;

/** Throws OperationFailure or SessionFailure; OperationFailure when it is in recovery no more. */
export async function standDown(instance: Instance, signal: AbortSignal): Promise<void> {
  const question = 'SELECT pg_is_in_recovery() AS recovering';
  const row = only(await instance.control.use(askLimitMs, (talk, leftMs) => talk.run(question, leftMs()), signal));
  if (!flag(row, 'recovering')) throw new OperationFailure('it has left recovery all the same', false);
  await changeConfiguration(instance, { ...waitsSetting({ names: [], nobody: false }), ...readOnlySetting(true) });
  await admit(instance, 'everybody', signal);
}
