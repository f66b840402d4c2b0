/** What a soak must not show, and how near it came. Pure. */
import type { Rule } from '../../../src/core/rules.ts';
import type { JournalEntry } from '../journal-mark.ts';
import { type Verdict, isClean } from '../workload/verdict.ts';

/** A doubt that healed, as the daemons recorded it. */
export interface NearMiss {
  readonly member: string;
  readonly lastedMs: number;
  /** What was left until it would have been a failure; null when it was on the way to none. */
  readonly headroomMs: number | null;
  readonly signs: string;
}

export interface SoakFacts {
  readonly entries: readonly JournalEntry[];
  readonly oldLeader: string;
  readonly newLeader: string;
  readonly promotions: number;
  readonly verdict: Verdict;
  /** Strains that could not go on, with the reason. */
  readonly failures: readonly string[];
}

/** Rules by which leadership moves, or somebody is stopped. */
const forbidden: readonly Rule[] = [
  ...([
    'fence-deadline',
    'fenced-by-guardian',
    'fence-hung',
    'fence-clock-jump',
    'fence-unclaimed',
    'fence-not-leader',
  ] as const),
  ...(['fence-other-lease', 'fence-remains', 'fence-foreign', 'fence-slow-start'] as const),
  ...(['hand-over-dead-postgres', 'hand-over-unfenced', 'hand-over-shutdown', 'restart-in-place'] as const),
  ...(['take-over', 'promote', 'campaign', 'claim-again'] as const),
];

/** Sentences; none when nothing went wrong where nothing was wrong. */
export function soakComplaints(facts: SoakFacts): readonly string[] {
  const { entries, oldLeader, newLeader, promotions, verdict, failures } = facts;
  const fired = forbidden.filter((rule) => entries.some((entry) => entry.rule === rule));
  return [
    ...failures,
    ...(newLeader === oldLeader ? [] : [`${newLeader} leads and ${oldLeader} should have stayed the leader`]),
    ...(promotions === 0 ? [] : [`${promotions} promotions`]),
    ...fired.map((rule) => `${rule}: ${entries.find((entry) => entry.rule === rule)?.because ?? ''}`),
    ...(verdict.servers.length === 1 ? [] : [`${verdict.servers.length} runs of PostgreSQL acknowledged writes`]),
    ...(isClean(verdict) ? [] : verdict.examples),
  ];
}

/** The nearest first. */
export const nearMissesOf = (entries: readonly JournalEntry[]): readonly NearMiss[] =>
  entries
    .filter(({ event }) => event === 'near-miss')
    .map(({ member, details }) => ({
      member,
      lastedMs: Number(details['lastedMs']),
      headroomMs: typeof details['headroomMs'] === 'number' ? details['headroomMs'] : null,
      signs: Array.isArray(details['signs']) ? details['signs'].join(', ') : '',
    }))
    .toSorted((one, other) => (one.headroomMs ?? Infinity) - (other.headroomMs ?? Infinity));

/** How often etcd did not answer the leader, and it went on all the same (its lease had time left, or I6). */
export const blindSpellsOf = (entries: readonly JournalEntry[], leader: string): number =>
  entries.filter(({ member, rule }) => member === leader && rule === 'lead-blind').length;
