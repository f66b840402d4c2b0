/** What a person reads while it runs. The journal is the record; nothing is decided from a log. */
export interface Log {
  /** `message` is a fixed phrase that can be searched for; what varies goes into `fields`. Never a secret. */
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;
