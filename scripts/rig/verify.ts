/** Compares a table of numbered rows with what its writers were told. */
import type { Acknowledgements } from './acknowledgements.ts';
import type { ClientEndpoint } from './rig.ts';
import { connect, type Session } from './writable-session.ts';

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged and not in the table: lost writes. Must be 0 in a synchronous mode. */
  readonly missing: number;
  /** In the table more than once. */
  readonly doubled: number;
  /** In the table and never sent. */
  readonly foreign: number;
  /** Sent and never answered; how many of them are in the table, which is as good as not. */
  readonly unknown: number;
  readonly unknownPresent: number;
  /** The first few missing, doubled and foreign rows, as `writer/row`. */
  readonly examples: readonly string[];
}

interface Counts {
  missing: number;
  doubled: number;
  foreign: number;
  unknownPresent: number;
  readonly examples: string[];
}

const pageRows = 20_000;
const examplesMax = 20;
const connectLimitMs = 5_000;

export async function verifyRows(
  endpoint: ClientEndpoint,
  run: number,
  writers: number,
  acknowledgements: Acknowledgements,
  limitMs: number,
): Promise<Verdict> {
  const session = await connect(endpoint, connectLimitMs, false);
  if (session === null)
    throw new Error(`cannot connect to ${endpoint.name} at ${endpoint.host}:${endpoint.port} to verify`);
  const counts: Counts = { missing: 0, doubled: 0, foreign: 0, unknownPresent: 0, examples: [] };
  const late = setTimeout(() => session.drop(), limitMs);
  try {
    for (let writer = 0; writer < writers; writer++) await verifyWriter(session, run, writer, acknowledgements, counts);
  } finally {
    clearTimeout(late);
    session.drop();
  }
  const { acknowledgedCount: acknowledged, unknownCount: unknown } = acknowledgements;
  return { acknowledged, unknown, ...counts };
}

/** Reads the writer's rows in order, page by page, and counts what lies between one and the next as absent. */
async function verifyWriter(
  session: Session,
  run: number,
  writer: number,
  acknowledgements: Acknowledgements,
  counts: Counts,
): Promise<void> {
  const example = (text: string) => counts.examples.length < examplesMax && counts.examples.push(text);
  const sent = acknowledgements.sent(writer);
  const absent = (from: number, before: number) => {
    for (let seq = from; seq < before; seq++) {
      if (!acknowledgements.wasAcknowledged(writer, seq)) continue;
      counts.missing += 1;
      example(`missing ${writer}/${seq}`);
    }
  };
  let last = 0;
  for (;;) {
    const page = await session.client.query<{ seq: number; copies: number }>(
      `SELECT seq, count(*)::int AS copies FROM baton_writes
        WHERE run = $1 AND writer = $2 AND seq > $3 GROUP BY seq ORDER BY seq LIMIT ${pageRows}`,
      [run, writer, last],
    );
    for (const { seq, copies } of page.rows) {
      absent(last + 1, Math.min(seq, sent + 1));
      last = seq;
      if (seq > sent) {
        counts.foreign += 1;
        example(`foreign ${writer}/${seq}`);
      } else if (!acknowledgements.wasAcknowledged(writer, seq)) counts.unknownPresent += 1;
      if (copies > 1) {
        counts.doubled += 1;
        example(`doubled ${writer}/${seq}`);
      }
    }
    if (page.rows.length < pageRows) break;
  }
  absent(last + 1, sent + 1);
}
