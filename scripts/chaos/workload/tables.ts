/** What a workload writes, each row with the number of its run: several may share a database. */
export const accountsCount = 8;
export const openingBalance = 1_000;

/** No uniqueness where a doubled row is to be found. */
export const createTables = (run: number): string => `
  CREATE TABLE IF NOT EXISTS chaos_inserts (run int NOT NULL, id int NOT NULL);
  CREATE TABLE IF NOT EXISTS chaos_lists (run int, list int, items int[] NOT NULL, PRIMARY KEY (run, list));
  CREATE TABLE IF NOT EXISTS chaos_transfers (run int NOT NULL, id int NOT NULL);
  CREATE TABLE IF NOT EXISTS chaos_accounts (run int, account int, balance int NOT NULL, PRIMARY KEY (run, account));
  INSERT INTO chaos_accounts SELECT ${run}, account, ${openingBalance} FROM generate_series(0, ${accountsCount - 1}) AS account
    ON CONFLICT DO NOTHING;`;

export const insertSql = (run: number, id: number): string => `INSERT INTO chaos_inserts VALUES (${run}, ${id})`;

export const appendSql = (run: number, list: number, id: number): string =>
  `INSERT INTO chaos_lists VALUES (${run}, ${list}, ARRAY[${id}])
     ON CONFLICT (run, list) DO UPDATE SET items = chaos_lists.items || excluded.items`;

/** Without its BEGIN and COMMIT. The accounts are locked in their order, so that two transfers never deadlock. */
export function transferSql(
  run: number,
  id: number,
  { source, destination, amount }: { source: number; destination: number; amount: number },
): readonly string[] {
  const change = (account: number, by: number) =>
    `UPDATE chaos_accounts SET balance = balance + ${by} WHERE run = ${run} AND account = ${account}`;
  const changes = [
    [source, -amount],
    [destination, amount],
  ] as const;
  return [
    `INSERT INTO chaos_transfers VALUES (${run}, ${id})`,
    ...changes.toSorted(([one], [other]) => one - other).map(([account, by]) => change(account, by)),
  ];
}

export const readListSql = (run: number, list: number): string =>
  `SELECT array_to_string(items, ',') FROM chaos_lists WHERE run = ${run} AND list = ${list}`;

export const readTotalSql = (run: number): string => `SELECT sum(balance) FROM chaos_accounts WHERE run = ${run}`;

export const idsOf = (text: string | null | undefined): readonly number[] =>
  text === null || text === undefined || text === '' ? [] : text.split(',').map(Number);
