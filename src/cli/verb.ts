/** What every verb is given and what it gives back. A verb prints nothing but its progress; run.ts prints the answer. */
import type { Result } from '../core/result.ts';
import type { Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Api } from './api-client.ts';
import type { EtcdReader } from './etcd-reader.ts';
import type { Failure } from './failure.ts';
import type { Terminal } from './terminal.ts';

export interface VerbContext {
  readonly api: Api;
  /** What reads fall back to when no daemon answers; null when only `--api` says where the cluster is. */
  readonly etcd: EtcdReader | null;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
  /** How long one question to a daemon or to etcd may take. */
  readonly askLimitMs: Ms;
}

/** The same answer for a script and for a person. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** The text is a document for a program or a browser: it goes out byte by byte. */
  readonly raw?: true;
}

export type VerbResult = Promise<Result<Answer, Failure>>;
