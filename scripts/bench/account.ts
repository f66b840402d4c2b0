/** What the rounds of one fault come to. */
import type { Incident, Phases } from '../../src/core/sla/incident.ts';
import { areEqual, type NodeRows } from '../rig/compare-nodes.ts';
import { type Fault, redundantMsMax } from '../rig/faults.ts';
import type { Round } from '../rig/round.ts';
import type { Verdict } from '../rig/verify.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** A round as it is kept in the JSON, or why it failed. */
export type RoundRecord = RoundDone | { readonly kind: 'failed'; readonly fault: string; readonly problem: string };

export interface RoundDone {
  readonly kind: 'done';
  readonly fault: string;
  readonly oldLeader: string;
  readonly newLeader: string;
  readonly outageMs: number;
  readonly writesAgainMs: number;
  readonly otherGapsMs: readonly number[];
  readonly redundantMs: number;
  readonly phases: Phases | null;
  readonly instantsMs: Readonly<Record<string, number | null>>;
  readonly incident: string | null;
  readonly verdict: Verdict;
  readonly nodes: readonly NodeRows[];
  readonly doubts: readonly string[];
}

export interface Measure {
  readonly of: string;
  readonly spread: Spread | null;
  /** For the median; null when nothing was promised. */
  readonly targetMs: number | null;
}

export interface FaultAccount {
  readonly fault: string;
  readonly label: string;
  readonly rounds: number;
  readonly failed: number;
  readonly measures: readonly Measure[];
  readonly acknowledged: number;
  readonly missing: number;
  /** Whether the mode allows `missing` to be above 0. */
  readonly lossAllowed: boolean;
  /** Doubled or foreign rows. */
  readonly wrong: number;
  readonly unknown: number;
  readonly unequal: number;
}

export const recordOf = ({ fault, client: _client, incident, ...round }: Round): RoundDone => ({
  kind: 'done',
  ...round,
  fault: fault.name,
  phases: incident?.phases ?? null,
  instantsMs: incident === null ? {} : instantsOf(incident),
  incident: incident?.id ?? null,
});

const instantsOf = ({ instants }: Incident): Readonly<Record<string, number | null>> =>
  Object.fromEntries(Object.entries(instants).map(([name, instant]) => [name, instant?.monoMs ?? null]));

/** Targets are promised in mode `available` only; mode `off` may lose writes. */
export function accountOf(fault: Fault, records: readonly RoundRecord[], mode: string): FaultAccount {
  const mine = records.filter((record) => record.fault === fault.name);
  const done = mine.filter((record) => record.kind === 'done');
  const promised = (limitMs: number) => (mode === 'available' ? limitMs : null);
  const phase = (name: keyof Phases) => spreadOf(done.map(({ phases }) => phases?.[name] ?? null));
  const sum = (of: (round: RoundDone) => number) => done.reduce((total, round) => total + of(round), 0);
  return {
    fault: fault.name,
    label: fault.label,
    rounds: mine.length,
    failed: mine.length - done.length,
    measures: [
      {
        of: 'client outage',
        spread: spreadOf(done.map(({ outageMs }) => outageMs)),
        targetMs: promised(fault.outageMsMax),
      },
      { of: 'detection', spread: phase('detection'), targetMs: null },
      { of: 'decision', spread: phase('decision'), targetMs: null },
      { of: 'promotion', spread: phase('promotion'), targetMs: null },
      { of: 'routing', spread: phase('routing'), targetMs: null },
      { of: 'recorded outage', spread: phase('outage'), targetMs: null },
      {
        of: 'redundant again',
        spread: spreadOf(done.map(({ redundantMs }) => redundantMs)),
        targetMs: promised(redundantMsMax),
      },
    ],
    acknowledged: sum(({ verdict }) => verdict.acknowledged),
    missing: sum(({ verdict }) => verdict.missing),
    lossAllowed: mode === 'off',
    wrong: sum(({ verdict }) => verdict.doubled + verdict.foreign),
    unknown: sum(({ verdict }) => verdict.unknown),
    unequal: sum(({ nodes }) => (areEqual(nodes) ? 0 : 1)),
  };
}

/** Null when nothing was promised; a promise without a measurement is not kept. */
export const isKept = ({ spread, targetMs }: Measure): boolean | null =>
  targetMs === null ? null : spread !== null && spread.median <= targetMs;

/** Why the bench fails, one sentence each; none when all is well. */
export function failuresOf(accounts: readonly FaultAccount[]): readonly string[] {
  return accounts.flatMap(({ label, failed, missing, lossAllowed, wrong, unequal, measures }) => [
    ...(failed > 0 ? [`${label}: ${failed} rounds failed`] : []),
    ...(missing > 0 && !lossAllowed ? [`${label}: ${missing} ACKNOWLEDGED WRITES LOST`] : []),
    ...(wrong > 0 ? [`${label}: ${wrong} rows are doubled or were never written`] : []),
    ...(unequal > 0 ? [`${label}: the nodes differed after ${unequal} rounds`] : []),
    ...measures
      .filter((measure) => isKept(measure) === false)
      .map(
        ({ of, spread, targetMs }) =>
          `${label}: ${of}, median ${spread?.median ?? 'not measured'}, target ${targetMs} ms`,
      ),
  ]);
}
