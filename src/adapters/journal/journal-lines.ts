/** Reads a journal through, oldest line first: also one that a daemon is writing to. */
import { ok, err, type Result } from '../../core/result.ts';
import { fileLines } from './file-lines.ts';
import { journalFiles } from './journal.ts';

export interface JournalText {
  readonly text: string;
  /** File and line number, for whoever wants to look. */
  readonly where: string;
}

/** The names of its files, oldest first. The error says why there are none. */
export function journalIn(directory: string): Result<readonly string[], string> {
  try {
    const files = journalFiles(directory);
    return files.length === 0 ? err(`there is no journal in ${directory}`) : ok(files);
  } catch (error) {
    return err(`${directory} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Rejects when a file cannot be read; one that the daemon has deleted meanwhile, to make room, is passed over. */
export async function* journalTexts(files: readonly string[]): AsyncGenerator<JournalText> {
  for (const file of files) {
    let lineNumber = 0;
    try {
      for await (const { text } of fileLines(file)) {
        lineNumber += 1;
        yield { text, where: `${file}:${lineNumber}` };
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
