/**
 * What a diverged tail of WAL held, from what pg_waldump prints of it: which transactions had committed, and how many
 * rows of which relations they touched. If their commits were acknowledged, it is what a user saw saved and does not
 * find any more. PostgreSQL 14 to 18.
 */

/** As WAL names it: oids of tablespace and database, and the file's number. */
export interface RelationFile {
  readonly tablespace: number;
  readonly database: number;
  readonly filenode: number;
}

export interface RowsTouched {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface Touched extends RelationFile, RowsTouched {}

/** Filenodes below belong to what initdb made: the system catalogs, and what a change of schema writes there. */
export const firstOfUsers = 16_384;

/** A tail may hold millions of transactions that are still open, in theory. What comes after these is not counted. */
const openMax = 10_000;

interface Counts extends RelationFile {
  inserted: number;
  updated: number;
  deleted: number;
}
type ByRelation = Map<string, Counts>;

export class WaldumpAccount {
  readonly #open = new Map<number, ByRelation>();
  readonly #committed: ByRelation = new Map();
  #transactions = 0;
  #transactionsOfUsers = 0;
  #dropped = false;

  /** One line of output. What is not understood counts for nothing. */
  line(text: string): void {
    const record = /^rmgr: (\w+)\s.*?\btx:\s+(\d+),.*?\bdesc: (.*)$/.exec(text);
    if (record === null) return;
    const [, manager = '', transaction = '', description = ''] = record;
    const id = Number(transaction);
    if (manager === 'Transaction') this.#ended(id, description);
    else if (manager === 'Heap' || manager === 'Heap2') this.#touched(id, description);
  }

  #touched(id: number, description: string): void {
    const rows = rowsOf(description);
    const file = /blkref #0: rel (\d+)\/(\d+)\/(\d+)/.exec(description);
    if (rows === null || file === null) return;
    const [, tablespace, database, filenode] = file.map(Number);
    const relations: ByRelation = this.#open.get(id) ?? new Map();
    if (relations.size === 0 && this.#open.size >= openMax) {
      this.#dropped = true;
      return;
    }
    this.#open.set(id, relations);
    add(relations, { tablespace: tablespace ?? 0, database: database ?? 0, filenode: filenode ?? 0, ...rows });
  }

  #ended(id: number, description: string): void {
    const whole = [id, ...subtransactions(description)];
    if (/^COMMIT/.test(description)) {
      const touched = whole.flatMap((each) => [...(this.#open.get(each)?.values() ?? [])]);
      // Baton's own probe commits touch no rows, nor does what only locked some.
      if (touched.length > 0) this.#transactions += 1;
      if (touched.some(({ filenode }) => filenode >= firstOfUsers)) this.#transactionsOfUsers += 1;
      for (const counts of touched) add(this.#committed, counts);
    }
    if (/^(COMMIT|ABORT)/.test(description)) for (const each of whole) this.#open.delete(each);
  }

  /** Transactions that had committed and touched rows. */
  get transactions(): number {
    return this.#transactions;
  }

  /** Those of them that touched more than the system catalogs. */
  get transactionsOfUsers(): number {
    return this.#transactionsOfUsers;
  }

  /** More transactions were open at one time than are followed: there may be more than is said. */
  get incomplete(): boolean {
    return this.#dropped;
  }

  /** In the order in which what committed touched them first. */
  get relations(): readonly Touched[] {
    return [...this.#committed.values()].map((counts) => ({ ...counts }));
  }
}

function rowsOf(description: string): RowsTouched | null {
  const none = { inserted: 0, updated: 0, deleted: 0 };
  if (/^INSERT\b/.test(description)) return { ...none, inserted: 1 };
  if (/^(HOT_)?UPDATE\b/.test(description)) return { ...none, updated: 1 };
  if (/^DELETE\b/.test(description)) return { ...none, deleted: 1 };
  const many = /^MULTI_INSERT\S* (?:ntuples: )?(\d+)/.exec(description);
  return many === null ? null : { ...none, inserted: Number(many[1]) };
}

const subtransactions = (description: string): readonly number[] =>
  (/; subxacts: ([\d ]+)/.exec(description)?.[1] ?? '').split(' ').filter(Boolean).map(Number);

function add(relations: ByRelation, { tablespace, database, filenode, inserted, updated, deleted }: Touched): void {
  const key = `${tablespace}/${database}/${filenode}`;
  const counts = relations.get(key) ?? { tablespace, database, filenode, inserted: 0, updated: 0, deleted: 0 };
  counts.inserted += inserted;
  counts.updated += updated;
  counts.deleted += deleted;
  relations.set(key, counts);
}
