/** What had committed in a diverged tail, in words. */
import type { Touched } from './waldump.ts';

/** Filenodes below belong to what initdb made: the system catalogs, and what a change of schema writes there. */
const firstOfUsers = 16_384;

/** Like `hospital: public.patient`; null when the database has no such relation any more. */
export type NameOf = (relation: Touched) => string | null;

/** The transactions first, then one line for each relation that they touched. */
export function divergedLines(
  transactions: number,
  incomplete: boolean,
  relations: readonly Touched[],
  nameOf: NameOf,
): readonly string[] {
  const users = relations.filter(({ filenode }) => filenode >= firstOfUsers);
  const catalogs = relations.length - users.length;
  const committed =
    transactions === 0
      ? 'no transaction that touched rows had committed in it'
      : `${transactions} ${transactions === 1 ? 'transaction that touched rows' : 'transactions that touched rows'} had committed in it`;
  return [
    `${committed}${incomplete ? ', or more: not all of it could be followed' : ''}`,
    ...users.map((each) => `${nameOf(each) ?? fileName(each)}: ${rowsText(each)}`),
    ...(catalogs === 0 ? [] : [`the system catalogs: ${catalogs} of them changed`]),
  ];
}

const fileName = ({ database, filenode }: Touched): string =>
  `file ${filenode} of database ${database}, which the database does not have any more`;

function rowsText({ inserted, updated, deleted }: Touched): string {
  const counts = [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [deleted, 'deleted'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `rows ${said.join(', ')}`;
}
