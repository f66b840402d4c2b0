/** What the newest rewind of this member kept aside: how much, from where to where, and what had committed in it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { divergedLines } from '../../../core/sla/evidence/diverged-text.ts';
import type { Found } from '../../../core/sla/evidence/bundle.ts';
import { divergedTail, type NameOf, type RelationName } from '../../../core/sla/evidence/diverged-tail.ts';
import { type Touched, WaldumpAccount } from '../../../core/sla/evidence/waldump.ts';
import { second } from '../../../core/units.ts';
import { runProgram } from '../child-process.ts';
import type { Instance } from '../instance.ts';
import { text } from '../row.ts';
import { openSession } from '../session.ts';

interface Divergence {
  readonly timeline: number;
  readonly forkTimeline: number;
  readonly forkLsn: string;
  readonly endLsn: string | null;
}

const askLimitMs = 2 * second;

/** Null when nothing was kept since then. Rejects when what was kept cannot be read. */
export async function divergedPart(instance: Instance, from: number, signal: AbortSignal): Promise<Found | null> {
  const all = join(instance.options.stateDir, 'diverged');
  const [newest] = (await readdir(all).catch(() => [])).toSorted().reverse();
  if (newest === undefined) return null;
  const directory = join(all, newest);
  const facts = join(directory, 'divergence.json');
  // It is written last, when the rewind begins.
  if ((await stat(facts)).mtimeMs < from) return null;
  const { timeline, forkTimeline, forkLsn, endLsn } = JSON.parse(await readFile(facts, 'utf8')) as Divergence;
  const segments = (await readdir(join(directory, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const range = `timeline ${timeline} from ${forkLsn} to ${endLsn ?? 'its end'}`;
  const kept = `${range}: ${sizeText(forkLsn, endLsn)}, ${segments.length} WAL segments kept`;
  const dump = new WaldumpAccount();
  const problem = await readThrough(instance, directory, { timeline: forkTimeline, forkLsn, endLsn }, dump, signal);
  const names = await namesOf(instance, dump.relations, signal);
  const nameOf: NameOf = (each) => names.get(keyOf(each)) ?? { database: null, relation: null };
  const lines = divergedLines(dump.transactions, dump.incomplete, dump.relations, nameOf);
  const unread =
    timeline === forkTimeline ? null : `what follows on timeline ${timeline} was not read, which branched off since`;
  const tail = divergedTail({ timeline, fromLsn: forkLsn, toLsn: endLsn }, dump, nameOf, problem ?? unread);
  return { source: 'diverged', from: directory, problem, lines: [kept, ...lines], tail };
}

function sizeText(from: string, to: string | null): string {
  if (to === null) return 'its length is not known';
  const position = (lsn: string): bigint => {
    const [high = '0', low = '0'] = lsn.split('/');
    return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
  };
  return `${position(to) - position(from)} bytes`;
}

/** What was wrong; null when all of it was read. The valid records end in the middle of a segment: that is no problem. */
async function readThrough(
  instance: Instance,
  directory: string,
  {
    timeline,
    forkLsn,
    endLsn,
  }: { readonly timeline: number; readonly forkLsn: string; readonly endLsn: string | null },
  dump: WaldumpAccount,
  signal: AbortSignal,
): Promise<string | null> {
  let rest = '';
  try {
    const { code, stderr } = await runProgram({
      binary: instance.program('pg_waldump'),
      args: [
        ...['-p', join(directory, 'pg_wal'), '-t', String(timeline), '-s', forkLsn],
        ...(endLsn === null ? [] : ['-e', endLsn]),
      ],
      signal,
      onStdout: (piece) => {
        const lines = (rest + piece).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) dump.line(line);
      },
    });
    dump.line(rest);
    return code === 0 || /error in WAL record|could not find a valid record/.test(stderr) ? null : stderr.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const keyOf = ({ tablespace, database, filenode }: Pick<Touched, 'tablespace' | 'database' | 'filenode'>): string =>
  `${tablespace}/${database}/${filenode}`;

/** As the server beside us has them now; a relation that came with the tail is nowhere any more. */
async function namesOf(
  instance: Instance,
  relations: readonly Touched[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RelationName>> {
  const names = new Map<string, RelationName>();
  const databases = new Set(relations.map(({ database }) => database));
  const target = instance.local('baton-evidence');
  try {
    for (const database of databases) {
      const here = await openSession(instance.clock, target, askLimitMs, signal);
      const [found] = await here
        .run(`SELECT datname FROM pg_database WHERE oid = ${database}`, askLimitMs, signal)
        .finally(() => here.destroy());
      if (found === undefined) continue;
      const name = text(found, 'datname');
      const there = await openSession(instance.clock, { ...target, database: name }, askLimitMs, signal);
      try {
        for (const each of relations.filter((relation) => relation.database === database)) {
          // Zero stands for the tablespace of the database, which WAL names by its oid.
          const [row] = await there.run(
            `SELECT coalesce(pg_filenode_relation(${each.tablespace}, ${each.filenode}), pg_filenode_relation(0, ${each.filenode}))::text AS relation`,
            askLimitMs,
            signal,
          );
          const relation = row?.['relation'];
          names.set(keyOf(each), { database: name, relation: typeof relation === 'string' ? relation : null });
        }
      } finally {
        there.destroy();
      }
    }
  } catch {
    // No server, or no time: the numbers are kept, and somebody can ask later.
  }
  return names;
}
