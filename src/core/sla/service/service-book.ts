/**
 * Every member's rows of the service, by day (UTC): what each keeps on its own disk, of itself and of the others. Rows of
 * one member never overlap, so a row is known by whose it is and when it began, and the same row arrives twice in vain.
 */
import { dayMs } from '../../units.ts';
import type { OutageRow } from '../accounting/outage-row.ts';

/** As etcd has it, under `service/<day>/<member>`. */
export interface ServiceSheet {
  /** `2008-04-24`, in UTC. */
  readonly day: string;
  readonly member: string;
  /** In order. */
  readonly rows: readonly OutageRow[];
  /** There was more on that day than a sheet holds: what is left out counts as unmeasured. */
  readonly cutOff: boolean;
}

/** A sheet stays below the 64 KiB that a key of Baton's may have. */
export const sheetRowsMax = 500;
/** Some ten years of two quiet members, or a month of bad days; beyond that the oldest are in the ledger's file alone. */
const sheetsMax = 10_000;

export const dayOf = (at: number): string => new Date(Math.floor(at / dayMs) * dayMs).toISOString().slice(0, 10);

export class ServiceBook {
  readonly #sheets = new Map<string, ServiceSheet>();

  /** What of `rows` was not known yet and has its place; the sheets with it are what has changed. */
  add(member: string, rows: readonly OutageRow[]): readonly OutageRow[] {
    return rows.filter((row) => row.from < row.to && this.#addOne(member, row));
  }

  #addOne(member: string, row: OutageRow): boolean {
    const day = dayOf(row.from);
    const id = sheetId(day, member);
    const sheet = this.#sheets.get(id) ?? { day, member, rows: [], cutOff: false };
    if (sheet.rows.some(({ from }) => from === row.from)) return false;
    const full = sheet.rows.length >= sheetRowsMax;
    const rows = full ? sheet.rows : [...sheet.rows, row].toSorted((one, other) => one.from - other.from);
    this.#sheets.set(id, { ...sheet, rows, cutOff: sheet.cutOff || full });
    const oldest = this.#sheets.keys().next().value;
    if (this.#sheets.size > sheetsMax && oldest !== undefined) this.#sheets.delete(oldest);
    return !full;
  }

  sheet(day: string, member: string): ServiceSheet | null {
    return this.#sheets.get(sheetId(day, member)) ?? null;
  }

  get sheets(): Iterable<ServiceSheet> {
    return this.#sheets.values();
  }

  /** Of all members, those that touch the time from `from` until `to`. */
  rows(from: number, to: number): readonly OutageRow[] {
    return [...this.#sheets.values()].flatMap((sheet) => sheet.rows.filter((row) => row.from < to && row.to > from));
  }
}

const sheetId = (day: string, member: string): string => `${day}/${member}`;
