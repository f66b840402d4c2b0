/** postgresql.conf, which Baton writes whole: the user's parameters, then what Baton rules. */
import { join } from 'node:path';
import { slotName } from '../../core/copy-name.ts';
import type { CopyName } from '../../core/postgres-view.ts';
import type { CommitWaits, Upstream } from '../../ports/postgres.ts';
import { primaryConninfo } from './conninfo.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';
import type { Instance } from './instance.ts';
import { fixedSettings, type Reloadable, reloadable, restoreSettings, type Settings } from './settings.ts';
import { renderWaits } from './standby-names.ts';

const configurationFile = 'postgresql.conf';

/** Writes the whole file; returns whether its content changed. */
export async function writeConfiguration(instance: Instance, dataDir: string, values: Reloadable): Promise<boolean> {
  const path = join(dataDir, configurationFile);
  const theirs = { ...instance.options.parameters, ...restoreSettings(instance) };
  const content = render(theirs, await fixedSettings(instance, {}), values);
  if ((await readIfThere(path)) === content) return false;
  await writeDurably(path, content);
  return true;
}

/** Changes some of the reloadable settings and keeps the others as the file has them. */
export async function changeConfiguration(instance: Instance, change: Partial<Reloadable>): Promise<boolean> {
  const current = await readReloadable(instance.dataDir);
  return writeConfiguration(instance, instance.dataDir, { ...current, ...change });
}

/** The reloadable settings as the file has them. */
export const readReloadable = async (dataDir: string): Promise<Reloadable> =>
  parseReloadable((await readIfThere(join(dataDir, configurationFile))) ?? '');

/** The file, and the reloadable settings in its content. */
export const reloadableParser = [
  configurationFile,
  (content: string | null): Reloadable => parseReloadable(content ?? ''),
] as const;

export const waitsSetting = (waits: CommitWaits): Pick<Reloadable, 'synchronous_standby_names'> => ({
  synchronous_standby_names: renderWaits(waits),
});

/**
 * A standby is read-only anyway. That it says so itself makes one that somebody promotes by hand take no client's write
 * in the moments before it is fenced (R7): only a promotion that was claimed takes this out.
 */
export const readOnlySetting = (readOnly: boolean): Pick<Reloadable, 'default_transaction_read_only'> => ({
  default_transaction_read_only: readOnly ? 'on' : 'off',
});

/** A standby without an upstream keeps what it has and asks nobody. */
export async function upstreamSettings(
  instance: Instance,
  upstream: Upstream | null,
  copy: CopyName,
): Promise<Pick<Reloadable, 'primary_conninfo' | 'primary_slot_name'>> {
  const { options } = instance;
  if (upstream === null) return { primary_conninfo: '', primary_slot_name: '' };
  return {
    primary_conninfo: primaryConninfo(upstream, options.replication.username, await instance.freshPassFile(), copy),
    primary_slot_name: slotName(options.member),
  };
}

function render(parameters: Instance['options']['parameters'], fixed: Settings, values: Reloadable): string {
  const own = { ...fixed, ...values };
  const theirs = Object.entries(parameters).filter(([name]) => !(name in own));
  const lines = (settings: Iterable<readonly [string, unknown]>) =>
    [...settings].map(([name, value]) => `${name} = '${escaped(written(value))}'`);
  return [
    '# Written by batond. Changes made here are lost: postgres.parameters in its configuration is the place.',
    ...lines(theirs),
    '',
    '# Ruled by Baton; repeated on the command line.',
    ...lines(Object.entries(fixed)),
    '',
    '# Changed by Baton while the server runs.',
    ...lines(reloadable.map((name) => [name, values[name]] as const)),
    '',
  ].join('\n');
}

function parseReloadable(content: string): Reloadable {
  const values: Record<(typeof reloadable)[number], string> = {
    synchronous_standby_names: '',
    primary_conninfo: '',
    primary_slot_name: '',
    default_transaction_read_only: 'off',
  };
  for (const name of reloadable) {
    const line = content.split('\n').findLast((each) => each.startsWith(`${name} = '`));
    if (line === undefined) continue;
    values[name] = line
      .slice(name.length + 4, -1)
      .replace(/''|\\(.)/g, (pair, character: string | undefined) => character ?? pair.slice(1));
  }
  return values;
}

const written = (value: unknown): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value));

/** PostgreSQL's file knows no line breaks inside a value. */
const escaped = (value: string): string =>
  value
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''");
