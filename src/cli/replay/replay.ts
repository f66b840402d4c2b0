/** `baton replay`: the rules of production over a recorded journal, under other limits. Reads files, asks nobody. */
import { join } from 'node:path';
import { durationText } from '../../config/quantity.ts';
import { type ConfigProblem, problemText } from '../../config/problem.ts';
import { overridesOn, parseSettings, type Settings, wouldBeRefused } from '../../config/replay-settings.ts';
import type { SharedConfig } from '../../core/cluster.ts';
import { limitsOf } from '../../core/doubt/limits.ts';
import { isNeedless, mayBeNeedless, soonerBy } from '../../core/replay/replayed-doubt.ts';
import { overridden, type Overrides } from '../../core/replay/settings.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { WallMs } from '../../core/units.ts';
import { type Failure, failed, usage } from '../failure.ts';
import type { VerbResult } from '../verb.ts';
import { type JournalReading, newestDecision, replayFiles } from './read-journal.ts';
import { renderReplay, type Shown, type Tried } from './render-replay.ts';

/** What the configuration of this host says of its journal and its etcd. */
export interface JournalHost {
  readonly stateDirectory: string;
  readonly electionTimeoutMs: number;
}

export interface ReplayOptions {
  /** Like `lease.ttl=3s`. */
  readonly settings: readonly string[];
  readonly since: WallMs | null;
  /** Null: this host's, by its configuration. */
  readonly journal: string | null;
  readonly signal: AbortSignal;
}

/** What etcd runs with unless somebody has set it. */
const electionTimeoutMsDefault = 1_000;

export async function replayVerb(
  reading: JournalReading,
  host: () => Result<JournalHost, Failure>,
  { settings: texts, since, journal, signal }: ReplayOptions,
): VerbResult {
  const settings = parseSettings(texts);
  if (!settings.ok) return err(refusedSettings(settings.error));
  const here = host();
  if (journal === null && !here.ok) return here;
  const directory = journal ?? (here.ok ? join(here.value.stateDirectory, 'journal') : '');
  const files = reading.files(directory);
  if (!files.ok)
    return err(
      failed(
        'no-journal',
        `${capital(files.error)}.`,
        'Run it on a database host as root or as the user of batond, or name a copy: --journal DIR.',
      ),
    );
  try {
    const newest = await newestDecision(reading, files.value, signal);
    if (newest === null)
      return err(
        failed(
          'no-decision',
          `No decision can be read in ${directory}.`,
          'Is this the journal directory of a batond (its state, journal)?',
        ),
      );
    const { policy } = newest.view;
    const overrides = overridesOn(policy, settings.value);
    if (!overrides.ok) return err(refusedSettings(overrides.error));
    const electionTimeoutMs = here.ok ? here.value.electionTimeoutMs : electionTimeoutMsDefault;
    const shown: Shown = {
      ...(await replayFiles(reading, files.value, overrides.value, since, signal)),
      journal: directory,
      tried: triedOf(policy, overrides.value),
      refused: texts.length === 0 ? null : wouldBeRefused(policy, overrides.value, electionTimeoutMs),
    };
    return ok({ json: document(shown, policy, overrides.value, settings.value), text: renderReplay(shown) });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return err(
      failed(
        'not-read',
        `The journal in ${directory} cannot be read: ${problem}.`,
        'Copy the directory and replay the copy: --journal DIR.',
      ),
    );
  }
}

const refusedSettings = (problems: readonly ConfigProblem[]): Failure =>
  usage(problemText('--set', problems), 'Durations are written like 500ms, 3s or 1m.');

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What differs, as it would be written in the configuration. */
function triedOf(recorded: SharedConfig, overrides: Overrides): readonly Tried[] {
  const tried = overridden(recorded, overrides);
  const all: readonly (readonly [key: string, of: (policy: SharedConfig) => number])[] = [
    ['lease.ttl', ({ lease }) => lease.ttlMs],
    ['lease.margin', ({ lease }) => lease.marginMs],
    ['failover.hang', ({ failover }) => failover.hangMs],
    ['failover.streamSilence', ({ failover }) => failover.streamSilenceMs],
    ['failover.refusedConfirm', ({ failover }) => failover.refusedConfirmMs],
    ['failover.failsafeWindow', ({ failover }) => failover.failsafeWindowMs],
  ];
  return all
    .filter(([, of]) => of(recorded) !== of(tried))
    .map(([key, of]) => ({ key, recorded: durationText(of(recorded)), tried: durationText(of(tried)) }));
}

function document(shown: Shown, recorded: SharedConfig, overrides: Overrides, settings: Settings): unknown {
  const { replayed, unreadable, journal, refused } = shown;
  const { members, decisions, from, to, unknown } = replayed;
  const doubts = replayed.doubts.map((doubt) => ({
    ...doubt,
    at: new Date(doubt.at).toISOString(),
    needless: isNeedless(doubt) ? true : mayBeNeedless(doubt) ? null : false,
    sooner: soonerBy(doubt),
  }));
  return {
    ...{ journal, members, from, to, decisions, unreadable },
    settings: Object.fromEntries(settings),
    limits: { recorded: limitsOf(recorded), tried: limitsOf(overridden(recorded, overrides)) },
    refused,
    needless: doubts.filter(({ needless }) => needless === true).length,
    perhapsNeedless: doubts.filter(({ needless }) => needless === null).length,
    failovers: doubts.filter(({ really }) => really.kind === 'failed').length,
    doubts,
    unknown,
  };
}
