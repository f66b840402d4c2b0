/** Statements on one member's PostgreSQL, as the superuser, past every daemon. */
import type { QueryResultRow } from 'pg';
import type { Rig } from '../../scripts/rig/rig.ts';
import { connect } from '../../scripts/rig/writable-session.ts';

const connectLimitMs = 5_000;
const limitMs = 60_000;

/** On a connection of its own. Throws when nobody answers there, or the statement fails or takes a minute. */
export async function sqlOn<Row extends QueryResultRow>(
  rig: Rig,
  member: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const endpoint = rig.clientEndpoints().find(({ name }) => name === member);
  const session = endpoint === undefined ? null : await connect(endpoint, connectLimitMs, false);
  if (session === null)
    throw new Error(`no connection to the PostgreSQL of ${member}\n${rig.member(member).logTail()}`);
  const late = setTimeout(() => session.drop(), limitMs);
  try {
    return (await session.client.query<Row>(text, [...values])).rows;
  } finally {
    clearTimeout(late);
    session.drop();
  }
}

/** The first column of the only row. */
export async function valueOn(
  rig: Rig,
  member: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<unknown> {
  const [row] = await sqlOn(rig, member, text, values);
  if (row === undefined) throw new Error(`${member} gave no row for: ${text}`);
  return Object.values(row)[0];
}
