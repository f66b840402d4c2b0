/** synchronous_standby_names as Baton writes it, and as PostgreSQL says that it applies it. */
import type { CommitWaits } from '../../ports/postgres.ts';
import type { CopyName } from '../../core/postgres-view.ts';

/** A name that no standby has: commits that wait for it wait until the setting changes. */
const nobody = 'baton_nobody';

/** Every name is waited for. Names come first; `nobody` counts only when there is none. */
export function renderWaits(waits: CommitWaits): string {
  const names = waits.names.length > 0 ? waits.names : waits.nobody ? [nobody] : [];
  if (names.length === 0) return '';
  return `FIRST ${names.length} (${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')})`;
}

export interface AppliedWaits {
  readonly waitsFor: readonly CopyName[];
  readonly waitsForNobody: boolean;
  /** It has a form that Baton does not write: then nothing is known of who is waited for. */
  readonly foreign: boolean;
}

export function parseWaits(setting: string): AppliedWaits {
  if (setting.trim() === '') return { waitsFor: [], waitsForNobody: false, foreign: false };
  const match = /^\s*FIRST (\d+) \((.*)\)\s*$/s.exec(setting);
  const names = match?.[2] === undefined ? [] : match[2].split(', ').map(unquoted);
  const known = names.filter((name) => name !== null);
  if (known.length === 0 || known.length !== names.length || Number(match?.[1]) !== known.length) {
    return { waitsFor: [], waitsForNobody: false, foreign: true };
  }
  if (known.length === 1 && known[0] === nobody) return { waitsFor: [], waitsForNobody: true, foreign: false };
  return { waitsFor: known, waitsForNobody: false, foreign: false };
}

function unquoted(name: string): string | null {
  const inner = /^"((?:[^"]|"")+)"$/.exec(name)?.[1];
  return inner === undefined ? null : inner.replaceAll('""', '"');
}
