/** The log: lines on stderr, for whoever collects them (journald, a container runtime). */
import winston from 'winston';
import { formatLsn, lsn } from '../../core/units.ts';
import type { Log, LogFields } from '../../ports/log.ts';

export interface LoggerOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly format: 'json' | 'text';
  /** Stands on every line: logs of several hosts are read together. */
  readonly member: string;
  /** Standard error if not given. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * json: `{"time":"...","level":"warn","member":"slough-a","message":"...","fields":{...}}`;
 * text: `2008-04-24T08:15:00.123Z WARN  slough-a message key=value`.
 * Nothing is redacted here: callers never pass a secret. A reader that went away does not end the daemon.
 */
export function createLogger({ level, format, member, stream = process.stderr }: LoggerOptions): Log {
  if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
  const render = format === 'json' ? jsonLine : textLine;
  const logger = winston.createLogger({
    level,
    format: winston.format.printf(({ level: severity, message, fields }) =>
      render({
        time: new Date().toISOString(),
        level: severity,
        member,
        message: String(message),
        fields: fields as LogFields,
      }),
    ),
    transports: [new winston.transports.Stream({ stream })],
    exitOnError: false,
  });
  const write =
    (severity: string) =>
    (message: string, fields: LogFields = {}) => {
      logger.log({ level: severity, message, fields: shown(fields) });
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly member: string;
  readonly message: string;
  readonly fields: LogFields;
}

function jsonLine({ fields, ...line }: Line): string {
  return JSON.stringify(Object.keys(fields).length === 0 ? line : { ...line, fields });
}

function textLine({ time, level, member, message, fields }: Line): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${plainText(value)}`);
  return `${time} ${level.toUpperCase().padEnd(5)} ${member} ${oneLine(message)}${pairs.join('')}`;
}

/** Quoted unless it is one plain word, so that no value can look like another field or line. */
function plainText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}

const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');

/** LSNs as people write them, errors as their message, and never an exception over what cannot be shown. */
function shown(fields: LogFields): LogFields {
  try {
    return JSON.parse(
      JSON.stringify(fields, (_key, value: unknown) => {
        if (typeof value === 'bigint') return formatLsn(lsn(value));
        if (value instanceof Error) return value.message;
        return value instanceof Map ? Object.fromEntries(value) : value;
      }),
    ) as LogFields;
  } catch (error) {
    return { unprintable: String(error) };
  }
}
