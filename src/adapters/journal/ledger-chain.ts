/** The hash chain of the ledger: how an entry is made, and what makes a line one. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import { err, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  seq: z.number().int().nonnegative(),
  wall: z.string(),
  kind: z.string(),
  body: z.unknown(),
  prev: hash,
  hash,
});

/** What the next entry must carry on from. */
export interface ChainEnd {
  readonly entries: number;
  readonly lastHash: string;
}

export const EMPTY_CHAIN: ChainEnd = { entries: 0, lastHash: '0'.repeat(64) };

/** The entry and its line. Throws TypeError when the body is not JSON. */
export function nextEntry(
  end: ChainEnd,
  wall: string,
  kind: string,
  body: unknown,
): { entry: LedgerEntry; line: string } {
  const content = { seq: end.entries, wall, kind, body, prev: end.lastHash };
  const entry = { ...content, hash: hashOf(content) };
  return { entry, line: `${canonicalJson(entry)}\n` };
}

/** Only whether the line is an entry by itself: its hash is right. */
export function parseEntry(line: string): Result<LedgerEntry, string> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return err('is not JSON');
  }
  return checkEntry(value);
}

/** The same of an entry that was read already, as an export carries it. */
export function checkEntry(value: unknown): Result<LedgerEntry, string> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return err(`is not an entry: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`);
  const { hash: claimed, ...content } = parsed.data;
  return claimed === hashOf(content) ? ok(parsed.data) : err('was changed: its hash is not that of its content');
}

/** Whether an entry follows what came before. */
export function linkEntry({ entries, lastHash }: ChainEnd, { seq, prev }: LedgerEntry): Result<null, string> {
  if (seq !== entries) return err(`has number ${seq}, ${entries} was to come: entries are missing or out of order`);
  return prev === lastHash ? ok(null) : err('does not carry the hash of the entry before');
}

const hashOf = (content: Omit<LedgerEntry, 'hash'>): string =>
  createHash('sha256').update(canonicalJson(content)).digest('hex');
