/** Recomputes every hash of a ledger, also of one that no daemon holds. */
import { basename } from 'node:path';
import { firstInName } from '../../core/ledger-segments.ts';
import type { LedgerCheck } from '../../ports/ledger.ts';
import { ChainWalk } from './chain-walk.ts';
import { fileLines } from './file-lines.ts';
import { withLedgerFiles } from './ledger-files.ts';

/** Of the directory, or of one file by itself. Rejects when it cannot be read. */
export const verifyLedger = (path: string): Promise<LedgerCheck> => withLedgerFiles(path, verifyFiles);

async function verifyFiles(files: readonly string[]): Promise<LedgerCheck> {
  const walk = new ChainWalk();
  let seq = firstInName(basename(files[0] ?? '')) ?? 0;
  for (const path of files) {
    let lineNumber = 0;
    for await (const { text, complete } of fileLines(path)) {
      lineNumber += 1;
      const problem = complete ? walk.step(text).problem : 'is cut off';
      if (problem !== null)
        return { kind: 'broken', seq, problem: `${path}, line ${lineNumber}: the entry ${problem}` };
      seq = walk.end.entries;
    }
  }
  const beginning = walk.beginning();
  if (beginning === null) return { kind: 'intact', ...walk.end };
  return { kind: 'broken', seq: beginning.seq, problem: `${files[0]}, line 1: ${beginning.problem}` };
}
