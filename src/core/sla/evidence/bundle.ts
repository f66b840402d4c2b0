/**
 * What one member found on its own host about one incident, at the time. It is kept like any record, so it survives the
 * host; it is bounded, and says what was left out.
 */
import { KiB } from '../../units.ts';
import type { DivergedTail } from './diverged-tail.ts';

export interface EvidenceBundle {
  readonly v: 1;
  readonly incident: string;
  readonly member: string;
  /** RFC 3339 UTC, when it was collected. */
  readonly at: string;
  /** `outage`: as soon as service was back, or after a few seconds without; `after`: when the incident was closed. */
  readonly moment: EvidenceMoment;
  readonly parts: readonly EvidencePart[];
}

export type EvidenceMoment = 'outage' | 'after';

export type EvidenceSource =
  | 'journal'
  | 'postgres-log'
  | 'control-data-before'
  | 'control-data'
  | 'replication'
  | 'kernel'
  | 'diverged';

/** What was found at one place, before it is bounded. */
export interface Found {
  readonly source: EvidenceSource;
  /** The file or program that it is from. */
  readonly from: string;
  /** Why there is nothing, or less than there might be; null when all was read. */
  readonly problem: string | null;
  readonly lines: readonly string[];
  /** Of a diverged tail: the same in numbers. */
  readonly tail?: DivergedTail | undefined;
  /** How much lies before the lines and was not looked at, like `2,000 bytes of the file`; left out when nothing does. */
  readonly notRead?: string | undefined;
}

export interface EvidencePart extends Omit<Found, 'notRead'> {
  /** How many lines were left out, and where, and what was not even looked at; null when all is there. */
  readonly cutOff: string | null;
}

/** UTF-16 units, so at most three times as many bytes; all parts together stay below what a record may hold. */
const charactersMax: Readonly<Record<EvidenceSource, number>> = {
  journal: 5 * KiB,
  'postgres-log': 5 * KiB,
  'control-data-before': 2 * KiB,
  'control-data': 2 * KiB,
  replication: 1 * KiB,
  kernel: 1 * KiB,
  diverged: 2 * KiB,
};
const lineMax = 500;

/** Of a diverged tail the beginning tells, where its size stands; of everything else the newest lines, which are the last. */
export function bounded({ notRead, ...found }: Found): EvidencePart {
  const beginning = found.source === 'diverged';
  const kept: string[] = [];
  let left = charactersMax[found.source];
  let shortened = 0;
  for (const line of beginning ? found.lines : found.lines.toReversed()) {
    const short = line.length <= lineMax ? line : `${line.slice(0, lineMax - 1)}…`;
    if (short.length + 1 > left) break;
    if (short !== line) shortened += 1;
    left -= short.length + 1;
    kept.push(short);
  }
  const missing = found.lines.length - kept.length;
  const said = [
    ...(missing === 0
      ? []
      : [`the ${beginning ? 'last' : 'first'} ${missing} of ${found.lines.length} lines were left out`]),
    ...(notRead === undefined ? [] : [`${notRead} before that ${/^1 /.test(notRead) ? 'was' : 'were'} not looked at`]),
    ...(shortened === 0 ? [] : [`${shortened} long lines were shortened to ${lineMax} characters`]),
  ];
  return { ...found, lines: beginning ? kept : kept.toReversed(), cutOff: said.length === 0 ? null : said.join('; ') };
}

/** Of the same incident, member and moment there is one. */
export const evidenceKey = ({ incident, member, moment }: Pick<EvidenceBundle, 'incident' | 'member' | 'moment'>) =>
  `evidence/${incident}/${member}-${moment}`;
