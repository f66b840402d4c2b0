/** Columns of an answer, checked. A column of another type is a bug in the query, and throws. */
import { type Lsn, parseLsn } from '../../core/units.ts';

export type Row = Readonly<Record<string, unknown>>;

export function optionalText(row: Row, column: string): string | null {
  const value = row[column];
  if (value === null) return null;
  if (typeof value !== 'string') throw new TypeError(`column "${column}" is not text: ${typeof value}`);
  return value;
}

export function text(row: Row, column: string): string {
  const value = optionalText(row, column);
  if (value === null) throw new TypeError(`column "${column}" is null`);
  return value;
}

export function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`column "${column}" is not a number: ${typeof value}`);
  return value;
}

export function flag(row: Row, column: string): boolean {
  const value = row[column];
  if (typeof value !== 'boolean') throw new TypeError(`column "${column}" is not true or false: ${typeof value}`);
  return value;
}

export function optionalLsn(row: Row, column: string): Lsn | null {
  const value = optionalText(row, column);
  return value === null ? null : parseLsn(value);
}

export function only(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new TypeError('the answer has no row');
  return row;
}
