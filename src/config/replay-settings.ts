/** `--set lease.ttl=3s`: which limits can be tried on a recorded journal, checked as in a configuration. */
import type { SharedConfig } from '../core/cluster.ts';
import type { Overrides } from '../core/replay/settings.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type KeyDoc, knownKeys } from './known-keys.ts';
import { nearest } from './nearest.ts';
import { type ConfigProblem, problemsOf } from './problem.ts';
import { durationText } from './quantity.ts';
import { failoverTimes } from './shared-policy.ts';
import { timingSchema } from './shared-schema.ts';
import { electionProblems, timingProblems } from './timing-checks.ts';

/** The limits that rules compare recorded facts with. */
export const REPLAY_KEYS = [
  'lease.ttl',
  'lease.margin',
  'failover.profile',
  'failover.hang',
  'failover.streamSilence',
  'failover.refusedConfirm',
  'failover.failsafeWindow',
] as const;
type ReplayKey = (typeof REPLAY_KEYS)[number];

/** By key, as they were written. */
export type Settings = ReadonlyMap<ReplayKey, string>;

const docs: ReadonlyMap<string, KeyDoc> = knownKeys(timingSchema);

/** `texts` like `lease.ttl=3s`; the last of several for one key counts. */
export function parseSettings(texts: readonly string[]): Result<Settings, readonly ConfigProblem[]> {
  const settings = new Map<ReplayKey, string>();
  const problems: ConfigProblem[] = [];
  for (const text of texts) {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
    if (key === undefined || value === undefined || value === '')
      problems.push({ path: text, problem: 'is no setting', mend: 'write KEY=VALUE, like lease.ttl=3s' });
    else if (isReplayKey(key)) settings.set(key, value);
    else problems.push(refusedKey(key));
  }
  return problems.length === 0 ? ok(settings) : err(problems);
}

const isReplayKey = (key: string): key is ReplayKey => (REPLAY_KEYS as readonly string[]).includes(key);

function refusedKey(key: string): ConfigProblem {
  const possible = `possible are ${REPLAY_KEYS.join(', ')}`;
  if (docs.has(key))
    return {
      path: key,
      problem: 'cannot be tried on a journal: it decides what is observed or counted, and the journal has what was',
      mend: possible,
    };
  const near = nearest(key, REPLAY_KEYS);
  return { path: key, problem: 'unknown key', mend: `${near === null ? '' : `did you mean ${near}? `}${possible}` };
}

/** What is tried over the limits that were in force, or everything that is wrong with that. */
export function overridesOn(recorded: SharedConfig, settings: Settings): Result<Overrides, readonly ConfigProblem[]> {
  const document = documentOf(recorded, settings);
  const parsed = timingSchema.safeParse(document);
  if (!parsed.success) return err(problemsOf(parsed.error, document, docs));
  const problems = timingProblems(parsed.data, []);
  if (problems.length > 0) return err(problems);
  const { lease, failover } = parsed.data;
  const { hangMs, streamSilenceMs } = failoverTimes(failover);
  const profiled = settings.has('failover.profile');
  const has = (key: ReplayKey) => settings.has(key);
  return ok({
    lease: {
      ...(has('lease.ttl') ? { ttlMs: lease.ttl } : {}),
      ...(has('lease.margin') ? { marginMs: lease.margin } : {}),
    },
    failover: {
      ...(has('failover.hang') || profiled ? { hangMs } : {}),
      ...(has('failover.streamSilence') || profiled ? { streamSilenceMs } : {}),
      ...(has('failover.refusedConfirm') ? { refusedConfirmMs: failover.refusedConfirm } : {}),
      ...(has('failover.failsafeWindow') ? { failsafeWindowMs: failover.failsafeWindow } : {}),
    },
  });
}

/** What may be tried, and batond would refuse to run with on a host with this etcd: null when it would not. */
export function wouldBeRefused(recorded: SharedConfig, overrides: Overrides, electionTimeoutMs: number): string | null {
  const ttl = overrides.lease?.ttlMs ?? recorded.lease.ttlMs;
  const margin = overrides.lease?.marginMs ?? recorded.lease.marginMs;
  const [problem] = electionProblems({ ttl, margin, heartbeat: recorded.lease.heartbeatMs }, electionTimeoutMs);
  return problem === undefined ? null : `${problem.path}: ${problem.problem}; ${problem.mend}`;
}

/** The timing section as somebody would write it. A profile stands for what it makes of hang and streamSilence. */
function documentOf(recorded: SharedConfig, settings: Settings): Readonly<Record<string, Record<string, string>>> {
  const { lease, guardian, probe, failover } = recorded;
  const budgetText = ({ count, windowMs }: SharedConfig['failover']['cooldown']) =>
    `${count} in ${durationText(windowMs)}`;
  const document: Record<string, Record<string, string>> = {
    lease: {
      ttl: durationText(lease.ttlMs),
      heartbeat: durationText(lease.heartbeatMs),
      margin: durationText(lease.marginMs),
    },
    guardian: { orphan: durationText(guardian.orphanMs), silent: durationText(guardian.silentMs) },
    probe: {
      interval: durationText(probe.intervalMs),
      deadline: durationText(probe.deadlineMs),
      doubtInterval: durationText(probe.doubtIntervalMs),
      doubtDeadline: durationText(probe.doubtDeadlineMs),
      writeInterval: durationText(probe.writeIntervalMs),
    },
    failover: {
      ...(settings.has('failover.profile')
        ? {}
        : { hang: durationText(failover.hangMs), streamSilence: durationText(failover.streamSilenceMs) }),
      refusedConfirm: durationText(failover.refusedConfirmMs),
      failsafeWindow: durationText(failover.failsafeWindowMs),
      coldStartWait: durationText(failover.coldStartWaitMs),
      crashBudget: budgetText(failover.crashBudget),
      cooldown: budgetText(failover.cooldown),
      maxLag: `${failover.maxLagBytes}B`,
    },
  };
  for (const [key, value] of settings) {
    const [section = '', name = ''] = key.split('.');
    document[section] = { ...document[section], [name]: value };
  }
  return document;
}
