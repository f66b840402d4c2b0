/** What had committed in a diverged tail, in words. */
import type { NameOf } from './diverged-tail.ts';
import { firstOfUsers, type Touched } from './waldump.ts';

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
    ...users.map((each) => `${nameText(each, nameOf)}: ${rowsText(each)}`),
    ...(catalogs === 0 ? [] : [`the system catalogs: ${catalogs} of them changed`]),
  ];
}

/** Like `hospital: public.patient`. */
function nameText(touched: Touched, nameOf: NameOf): string {
  const { database, relation } = nameOf(touched);
  return relation === null
    ? `file ${touched.filenode} of database ${database ?? touched.database}, which the database does not have any more`
    : `${database ?? touched.database}: ${relation}`;
}

function rowsText({ inserted, updated, deleted }: Touched): string {
  const counts = [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [deleted, 'deleted'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `rows ${said.join(', ')}`;
}
