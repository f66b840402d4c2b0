/** The names under which PostgreSQL knows a member: one per copy of its data, and one for its replication slot. */
import type { CopyId, MemberName } from './units.ts';
import type { CopyName } from './postgres-view.ts';

/** What marks a name or a slot as Baton's own. */
export const batonPrefix = 'baton_';

/** application_name of one copy (I9). Member names hold no underscore, so that the parts can be told apart again. */
export const copyName = (member: MemberName, copyId: CopyId): CopyName => `${batonPrefix}${member}_${copyId}`;

/** A slot belongs to the member, whatever copy it has. Slot names allow only lower-case letters, digits and `_`. */
export const slotName = (member: MemberName): string => `${batonPrefix}${member.replace(/[^a-z0-9_]/g, '_')}`;

/** The member that a copy's name speaks of; null when the name is not one of Baton's. */
export function memberOfCopy(name: CopyName): MemberName | null {
  const match = /^baton_(.+)_[^_]+$/.exec(name);
  return match?.[1] === undefined ? null : (match[1] as MemberName);
}
