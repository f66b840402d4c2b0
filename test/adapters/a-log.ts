import type { Log, LogFields } from '../../src/ports/log.ts';

export interface RecordedLog extends Log {
  readonly lines: (readonly [level: string, message: string, fields: LogFields])[];
}

/** A log that remembers what it was told. */
export function aLog(): RecordedLog {
  const lines: (readonly [string, string, LogFields])[] = [];
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push([level, message, fields]);
    };
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}
