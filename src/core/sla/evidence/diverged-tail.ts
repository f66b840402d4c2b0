/**
 * What had committed in the WAL that a former primary alone had: if it was acknowledged, that is what users saw saved and
 * do not find any more. Bounded, so that it has room in the evidence and in a message.
 */
import type { Incident } from '../incident.ts';
import { listed } from '../text-layout.ts';
import type { EvidenceBundle } from './bundle.ts';
import { firstOfUsers, type RowsTouched, type Touched, type WaldumpAccount } from './waldump.ts';

export interface DivergedTail extends RowsTouched {
  readonly timeline: number;
  /** Where the timelines part, like `0/5000148`. */
  readonly fromLsn: string;
  /** Where the valid records end; null when that is not known. */
  readonly toLsn: string | null;
  /** Those that had committed and touched a row of a table. */
  readonly transactions: number;
  /** Those with the most rows. */
  readonly relations: readonly TailRelation[];
  readonly relationsInAll: number;
  /** System catalogs that changed: a change of the schema, or the statistics of ANALYZE. */
  readonly catalogs: number;
  /** Why there may be more than is said; null when all of it was read. */
  readonly incomplete: string | null;
}

export interface TailRelation extends RowsTouched {
  /** Null when nobody could be asked. */
  readonly database: string | null;
  /** Like `public.notes`; null when the database has no such relation (any more). */
  readonly name: string | null;
  readonly filenode: number;
}

/** Null where it is not known. */
export interface RelationName {
  readonly database: string | null;
  readonly relation: string | null;
}
export type NameOf = (relation: Touched) => RelationName;

/** The tail that belongs to an incident. */
export interface IncidentTail extends DivergedTail {
  readonly member: string;
  /** RFC 3339, when it was read. */
  readonly at: string;
  /** It is all that the old primary had and its successor has not. */
  readonly whole: boolean;
}

const relationsMax = 10;
const nameLengthMax = 120;
const namedMax = 3;

export function divergedTail(
  range: Pick<DivergedTail, 'timeline' | 'fromLsn' | 'toLsn'>,
  dump: WaldumpAccount,
  nameOf: NameOf,
  problem: string | null,
): DivergedTail {
  const users = dump.relations.filter(({ filenode }) => filenode >= firstOfUsers);
  const tables = users
    .map((each) => ({ each, name: nameOf(each) }))
    // The long values of a row are rows of their own there.
    .filter(({ name }) => name.relation?.startsWith('pg_toast.') !== true)
    .toSorted((one, other) => rowsOf(other.each) - rowsOf(one.each));
  const sum = (of: keyof RowsTouched): number => tables.reduce((total, { each }) => total + each[of], 0);
  return {
    ...range,
    transactions: dump.transactionsOfUsers,
    ...{ inserted: sum('inserted'), updated: sum('updated'), deleted: sum('deleted') },
    relations: tables.slice(0, relationsMax).map(({ each, name }) => ({
      database: name.database?.slice(0, nameLengthMax) ?? null,
      name: name.relation?.slice(0, nameLengthMax) ?? null,
      filenode: each.filenode,
      ...{ inserted: each.inserted, updated: each.updated, deleted: each.deleted },
    })),
    relationsInAll: tables.length,
    catalogs: dump.relations.length - users.length,
    incomplete: problem ?? (dump.incomplete ? 'more transactions were open at one time than are followed' : null),
  };
}

/** The one of those that members found which has the most: a standby that was left behind has a part of the same. */
export function tailOf({ id, oldLeader }: Incident, bundles: readonly EvidenceBundle[]): IncidentTail | null {
  const tails = bundles.flatMap(({ incident, member, at, parts }) =>
    incident !== id
      ? []
      : parts.flatMap(({ tail }): readonly IncidentTail[] => {
          if (tail === undefined) return [];
          const whole = member === oldLeader?.member && tail.incomplete === null && tail.toLsn !== null;
          return [{ ...tail, member, at, whole }];
        }),
  );
  const order = (one: IncidentTail, other: IncidentTail): number =>
    Number(other.whole) - Number(one.whole) ||
    other.transactions - one.transactions ||
    (one.member < other.member ? -1 : 1);
  return tails.toSorted(order)[0] ?? null;
}

/** Nothing that anybody could miss is in it. */
export const isEmptyTail = ({ whole, transactions, catalogs }: IncidentTail): boolean =>
  whole && transactions === 0 && catalogs === 0;

/** `3 transactions with 5 rows in 2 tables (public.notes and public.orders)`; what is in no table is the schema's. */
export function tailText(tail: DivergedTail): string {
  const { transactions, catalogs, relationsInAll, incomplete } = tail;
  const atLeast = incomplete === null ? '' : 'at least ';
  const schema = catalogs === 0 ? '' : 'changes of the system catalogs';
  if (transactions === 0) {
    const none = incomplete === null ? 'no transaction that touched a row' : 'none in the part that could be read';
    return schema === '' ? none : `only ${schema}${incomplete === null ? '' : ' in the part that could be read'}`;
  }
  const rows = counted(rowsOf(tail), 'row');
  const tables = counted(relationsInAll, 'table');
  return `${atLeast}${counted(transactions, 'transaction')} with ${rows} in ${tables} (${names(tail)})${schema === '' ? '' : `, and ${schema}`}`;
}

function names({ relations, relationsInAll }: DivergedTail): string {
  const several = new Set(relations.map(({ database }) => database)).size > 1;
  const shown = relations.slice(0, namedMax).map(({ database, name, filenode }) => {
    if (name === null) return `file ${filenode}${database === null ? '' : ` of ${database}`}, whose name is not known`;
    return several && database !== null ? `${name} of ${database}` : name;
  });
  const more = relationsInAll - shown.length;
  return listed([...shown, ...(more > 0 ? [`${more} more`] : [])]);
}

const rowsOf = ({ inserted, updated, deleted }: RowsTouched): number => inserted + updated + deleted;
const counted = (count: number, what: string): string => `${count} ${count === 1 ? what : `${what}s`}`;
