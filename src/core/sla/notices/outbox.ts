/**
 * The outbox: every notice from when it was planned until long after it was delivered, in etcd for whoever leads. Instants
 * are wall clocks of several hosts, so nothing that matters for safety hangs on them: only when somebody tries again.
 */
import { dayMs, type Ms, minute, second } from '../../units.ts';
import type { Notice, NoticeBody, NoticeHead } from './notice.ts';
import { OCCASIONS, threadOf } from './notice.ts';

export interface OutboxEntry {
  readonly v: 1;
  readonly head: NoticeHead;
  /** Null once it is not needed any more. */
  readonly body: NoticeBody | null;
  readonly state: OutboxState;
  /** How often somebody has tried to deliver it. */
  readonly attempts: number;
  /** Why the newest failed attempt failed; null when none did. */
  readonly lastProblem: string | null;
}

export type OutboxState =
  | {
      readonly kind: 'pending';
      /** RFC 3339: not tried again before, by whom it was tried last. */
      readonly notBefore: string;
      /** Who tried last; null before the first attempt. Another member tries at once: its way may be another. */
      readonly by: string | null;
    }
  | { readonly kind: 'sent'; readonly at: string; readonly by: string }
  | { readonly kind: 'given-up'; readonly at: string; readonly by: string };

export interface DeliveryProblem {
  /** `lasting`: it will fail again until somebody mends something, so it is tried again less often. */
  readonly kind: 'passing' | 'lasting';
  /** A sentence for whoever must mend it, without secrets. */
  readonly problem: string;
}

export const outboxPrefix = 'outbox/';
export const outboxKey = ({ key }: Pick<NoticeHead, 'key'>): string => `${outboxPrefix}${key}`;

/** Since it was planned. */
export const giveUpAfterMs: Ms = 1 * dayMs;
const keepForMs: Ms = 14 * dayMs;
const firstPauseMs: Ms = 1 * second;
const lastingPauseMs: Ms = 1 * minute;
const pauseMsMax: Ms = 5 * minute;
const problemLengthMax = 500;
/** Only the newest of what a thread repeats is needed, to know when to repeat it again. */
const stillDownKept = 2;

export function newEntry({ text, facts, ...head }: Notice): OutboxEntry {
  const state = { kind: 'pending', notBefore: head.at, by: null } as const;
  return { v: 1, head, body: { text, facts }, state, attempts: 0, lastProblem: null };
}

export const delivered = (entry: OutboxEntry, by: string, nowWall: number): OutboxEntry => ({
  ...entry,
  body: null,
  state: { kind: 'sent', at: instant(nowWall), by },
  attempts: entry.attempts + 1,
});

export function failed(entry: OutboxEntry, failure: DeliveryProblem, by: string, nowWall: number): OutboxEntry {
  const tried = { ...entry, attempts: entry.attempts + 1, lastProblem: failure.problem.slice(0, problemLengthMax) };
  if (nowWall - Date.parse(entry.head.at) >= giveUpAfterMs) return givenUp(tried, failure.problem, by, nowWall);
  const notBefore = instant(nowWall + pauseMs(tried, failure.kind));
  return { ...tried, state: { kind: 'pending', notBefore, by } };
}

/** Nobody tries again. The reason stays. */
export const givenUp = (entry: OutboxEntry, problem: string, by: string, nowWall: number): OutboxEntry => ({
  ...entry,
  body: null,
  state: { kind: 'given-up', at: instant(nowWall), by },
  lastProblem: problem.slice(0, problemLengthMax),
});

/** Twice as long each time, up to five minutes; between half of that and all of it, so that not all come back at once. */
export function pauseMs({ head, attempts }: OutboxEntry, kind: DeliveryProblem['kind']): Ms {
  const first = kind === 'lasting' ? lastingPauseMs : firstPauseMs;
  const full = Math.min(pauseMsMax, first * 2 ** Math.min(attempts - 1, 20));
  return Math.round(full * (0.5 + 0.5 * scattered(`${head.key} ${attempts}`)));
}

/** What a member may try to deliver now, oldest first: of each thread only the first that is not done. */
export function dueEntries(entries: Iterable<OutboxEntry>, member: string, nowWall: number): readonly OutboxEntry[] {
  const first = new Map<string, OutboxEntry>();
  for (const entry of entries) {
    if (entry.state.kind !== 'pending') continue;
    const thread = threadOf(entry.head);
    const known = first.get(thread);
    if (known === undefined || comesBefore(entry.head, known.head)) first.set(thread, entry);
  }
  return [...first.values()].filter((entry) => isDue(entry, member, nowWall)).toSorted(inOrder);
}

/** In one thread, whatever the clocks of those who planned them showed. */
function comesBefore(one: NoticeHead, other: NoticeHead): boolean {
  const occasions = OCCASIONS.indexOf(one.occasion) - OCCASIONS.indexOf(other.occasion);
  return occasions === 0 ? one.n < other.n : occasions < 0;
}

function isDue({ state }: OutboxEntry, member: string, nowWall: number): boolean {
  if (state.kind !== 'pending') return false;
  const waitMs = Date.parse(state.notBefore) - nowWall;
  // A clock that is far ahead of this one must not silence everybody.
  return state.by !== member || waitMs <= 0 || waitMs > pauseMsMax;
}

/** By when they were planned. A total order. */
const inOrder = ({ head: one }: OutboxEntry, { head: other }: OutboxEntry): number =>
  one.at === other.at ? (one.key < other.key ? -1 : 1) : one.at < other.at ? -1 : 1;

/**
 * What need not be kept any longer. `isNews`: whether something may still be planned for an incident; as long as it
 * may, what was planned before must be there, or it would be planned once more.
 */
export function disposable(
  entries: readonly OutboxEntry[],
  isNews: (incident: string) => boolean,
  nowWall: number,
): readonly OutboxEntry[] {
  const repeats = new Map<string, number>();
  const newestFirst = entries
    .filter(({ state }) => state.kind !== 'pending')
    .toSorted((one, other) => inOrder(other, one));
  return newestFirst.filter(({ head }) => {
    if (head.occasion === 'still-down') {
      const thread = threadOf(head);
      const newer = repeats.get(thread) ?? 0;
      repeats.set(thread, newer + 1);
      if (newer >= stillDownKept) return true;
    }
    return nowWall - Date.parse(head.at) >= keepForMs && !(head.incident !== null && isNews(head.incident));
  });
}

const instant = (wall: number): string => new Date(wall).toISOString();

/** A number from 0 to 1 that looks random and is the same for the same text (FNV-1a). */
function scattered(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash / 0xffff_ffff;
}
