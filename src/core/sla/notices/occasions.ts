/** Of what one audience has to be told now: the decision behind every notice, without a word of its wording. */
import { type Ms, second } from '../../units.ts';
import type { IncidentTail } from '../evidence/diverged-tail.ts';
import { isNothing } from '../loss-sentence.ts';
import type { Verdict } from '../incident.ts';
import type { RunningBreach } from '../running.ts';
import type { Occasion } from './notice.ts';
import type { Outage } from './outage.ts';

export interface Due {
  readonly occasion: Occasion;
  readonly n: number;
}

/** What one audience was told of one outage through one channel. */
export interface Told {
  has(due: Due): boolean;
  /** When it was planned, ms since the epoch; null when it was not. */
  plannedWall(due: Due): number | null;
  /** When the newest of it was planned, ms since the epoch; null when nothing was. */
  readonly newestWall: number | null;
}

/** What a contract says; null for a site. */
export interface Judgement {
  /** As far as the record goes. */
  readonly verdict: Verdict | null;
  /** While the outage lasts. */
  readonly running: RunningBreach | null;
}

export interface Patience {
  readonly afterMs: Ms;
  readonly againMs: Ms;
}

/** Without what was told already; in the order in which people hear it. */
export function dueOccasions(
  outage: Outage,
  judgement: Judgement | null,
  { afterMs, againMs }: Patience,
  told: Told,
  nowWall: number,
  tail: IncidentTail | null,
): readonly Due[] {
  const due =
    outage.phase === 'going-on'
      ? whileItLasts(nowWall - outage.fromWall, judgement, { afterMs, againMs }, told, nowWall)
      : [...onceItIsOver(outage, judgement, afterMs, told), ...whenItIsFound(outage, told, tail)];
  return due.filter((each) => !told.has(each));
}

function whileItLasts(
  lastedMs: Ms,
  judgement: Judgement | null,
  { afterMs, againMs }: Patience,
  told: Told,
  nowWall: number,
): readonly Due[] {
  // An older version of the record than the one before: it is over all the same.
  if (lastedMs < afterMs || told.has({ occasion: 'over', n: 0 })) return [];
  const n = Math.floor((lastedMs - afterMs) / againMs);
  // Whoever takes over late does not repeat at once what was said a moment ago, nor all that was missed.
  const longSilent = told.newestWall !== null && nowWall - told.newestWall >= againMs / 2;
  return [
    { occasion: 'started', n: 0 },
    ...(breachedWhileItLasts(judgement) ? [{ occasion: 'breached', n: 0 } as const] : []),
    ...(n >= 1 && longSilent && told.has({ occasion: 'started', n: 0 })
      ? [{ occasion: 'still-down', n } as const]
      : []),
  ];
}

/** A short one has its verdict in the one message that it sends. */
function onceItIsOver(
  { incident, lastedMs }: Extract<Outage, { readonly phase: 'over' }>,
  judgement: Judgement | null,
  afterMs: Ms,
  told: Told,
): readonly Due[] {
  const long = told.has({ occasion: 'started', n: 0 }) || (lastedMs !== null && lastedMs >= afterMs);
  const exposed = incident.instants.t8 !== null && (incident.phases.exposure ?? 0) > 0;
  return [
    ...(long && judgement?.verdict?.outcome.kind === 'breached' ? [{ occasion: 'breached', n: 0 } as const] : []),
    { occasion: 'over', n: 0 },
    ...(long && exposed ? [{ occasion: 'restored', n: 0 } as const] : []),
  ];
}

/** Clocks of two members: a tail that was read so long before the end was told was known to who told it. */
const knownBeforeMs: Ms = 10 * second;

/** Who heard of the end and not of what may be lost, because the old primary was not back, hears that when it is. */
function whenItIsFound({ incident }: Outage, told: Told, tail: IncidentTail | null): readonly Due[] {
  const toldWall = told.plannedWall({ occasion: 'over', n: 0 });
  if (tail === null || toldWall === null || isNothing(incident.loss)) return [];
  return Date.parse(tail.at) > toldWall - knownBeforeMs ? [{ occasion: 'lost', n: 0 }] : [];
}

/** Beyond a limit already, although nobody knows yet by how much. */
const breachedWhileItLasts = (judgement: Judgement | null): boolean =>
  judgement !== null &&
  (judgement.verdict?.outcome.kind === 'breached' ||
    (judgement.running !== null && judgement.running.inMs !== null && judgement.running.inMs < 0));
