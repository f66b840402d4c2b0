/**
 * A recorded journal under other limits: the rules of production decide again on each recorded view. A fold over its lines,
 * in order. What a journal cannot tell stays open: between two views there are bounds, and after another decision nothing.
 */
import type { SharedConfig } from '../cluster.ts';
import { type Doubt, nothingWatched, watchDoubt, type WatchState } from '../doubt/doubt-watch.ts';
import { declares, declaresAt } from '../doubt/headroom.ts';
import type { JournalLine } from '../journal-line.ts';
import { leading } from '../cluster-queries.ts';
import type { MemberName } from '../units.ts';
import type { View } from '../view.ts';
import { judge, type Looked, type Story } from './judge-doubt.ts';
import type { ReplayedDoubt } from './replayed-doubt.ts';
import { belowSamples, type Overrides, underSettings } from './settings.ts';

export interface Replayed {
  /** Whose journal it is; more than one when lines of several hosts were put together. */
  readonly members: readonly MemberName[];
  readonly decisions: number;
  /** RFC 3339, of the first and the last line; null of a journal without lines. */
  readonly from: string | null;
  readonly to: string | null;
  /** The newest shared configuration that was decided by; null without a decision. */
  readonly recorded: SharedConfig | null;
  readonly doubts: readonly ReplayedDoubt[];
  /** What cannot be known from these lines, in sentences. */
  readonly unknown: readonly string[];
}

export interface ReplayState {
  readonly overrides: Overrides;
  readonly watch: WatchState;
  readonly story: Story | null;
  /** It led and all was well, and no failure was declared since. */
  readonly leads: boolean;
  readonly last: JournalLine | null;
  /** Lines between the last and the next were not asked for. */
  readonly skips: boolean;
  readonly members: readonly MemberName[];
  readonly decisions: number;
  readonly withoutSamples: number;
  readonly missing: number;
  readonly from: string | null;
  readonly recorded: SharedConfig | null;
  readonly below: readonly string[];
  readonly doubts: readonly ReplayedDoubt[];
  readonly leftOut: number;
}

/** The newest are kept; more is no list that anybody reads. */
const doubtsMax = 2_000;

export const newReplay = (overrides: Overrides): ReplayState => ({
  overrides,
  watch: nothingWatched,
  story: null,
  leads: false,
  last: null,
  skips: false,
  ...{ members: [], decisions: 0, withoutSamples: 0, missing: 0, from: null },
  ...{ recorded: null, below: [], doubts: [], leftOut: 0 },
});

export const replay = (lines: Iterable<JournalLine>, overrides: Overrides): Replayed =>
  replayed([...lines].reduce(replayLine, newReplay(overrides)));

export function replayLine(before: ReplayState, line: JournalLine): ReplayState {
  const follows = before.last === null || (line.seq > before.last.seq && line.mono >= before.last.mono);
  const state = follows ? before : withNewRun(before);
  const gap = follows && before.last !== null && !before.skips ? line.seq - before.last.seq - 1 : 0;
  const next = { ...state, last: line, skips: false, missing: state.missing + gap, from: state.from ?? line.wall };
  if (line.kind !== 'decided') return next;
  const { view } = line;
  const known = next.members.includes(view.self.name) ? next.members : [...next.members, view.self.name];
  // Parts of a policy are equal from line to line: only another one is compared with what is tried.
  const policyIsNew = JSON.stringify(next.recorded) !== JSON.stringify(view.policy);
  return looked(
    {
      ...next,
      members: known,
      decisions: next.decisions + 1,
      withoutSamples: next.withoutSamples + (line.sample === null ? 1 : 0),
      recorded: view.policy,
      below: policyIsNew ? [...new Set([...next.below, ...belowSamples(view.policy, next.overrides)])] : next.below,
    },
    line,
  );
}

/** The newest decision before the lines that are asked for: whether all was well then. */
export function startAfter(state: ReplayState, line: JournalLine): ReplayState {
  if (line.kind !== 'decided') return state;
  const { watch } = looked(state, line);
  return { ...state, watch: { ...watch, doubt: null }, leads: watch.well?.as === 'leader', last: line, skips: true };
}

/** The daemon was started anew, or lines of another host follow: what was under way has no end here. */
const withNewRun = (state: ReplayState): ReplayState => ({ ...withEnd(state), watch: nothingWatched, leads: false });

function withEnd(state: ReplayState): ReplayState {
  const { story } = state;
  return story === null ? state : withDoubt({ ...state, story: null }, judge(story, { kind: 'cut-short' }));
}

function withDoubt(state: ReplayState, doubt: ReplayedDoubt): ReplayState {
  const doubts = [...state.doubts, doubt];
  return doubts.length <= doubtsMax
    ? { ...state, doubts }
    : { ...state, doubts: doubts.slice(1), leftOut: state.leftOut + 1 };
}

function looked(state: ReplayState, line: Extract<JournalLine, { kind: 'decided' }>): ReplayState {
  const { view, rule } = line;
  const step = watchDoubt(state.watch, view, { rule });
  const next = { ...state, watch: step.state, leads: step.state.well?.as === 'leader' || state.leads };
  const { ended } = step;
  const declared = declares(view, { rule }) ? rule : null;
  if (ended === null) {
    if (step.state.doubt !== null)
      return {
        ...next,
        story: withLook(next.story ?? begun(step.state.doubt, view), step.state.doubt, view, declared, next.overrides),
      };
    // A leader whose postgres ended, and that has acted on it at once: no limit has to do with it.
    return declared !== null && state.leads ? withDoubt({ ...next, leads: false }, endedAtOnce(view, rule)) : next;
  }
  const story = next.story ?? begun(ended.doubt, view);
  const done = { ...next, story: null, leads: ended.how === 'healed' && next.leads };
  if (ended.how === 'healed') return withDoubt(done, judge(story, { kind: 'healed', atMono: view.nowMono }));
  // Under the same limits the last view is the one on which it was declared.
  const last = ended.how === 'failed' ? withLook(story, ended.doubt, view, declared, next.overrides) : story;
  const movedOn = ended.how === 'failed' || termOf(view) !== ended.doubt.term;
  if (!movedOn) return withDoubt(done, judge(last, { kind: 'cut-short' }));
  return withDoubt(done, judge(last, { kind: 'failed', atMono: view.nowMono }));
}

const termOf = ({ coordinator }: View) =>
  coordinator.kind === 'read' ? (leading(coordinator.state)?.term ?? null) : null;

const begun = (doubt: Doubt, view: View): Story => ({
  doubt,
  wallAheadMs: view.nowWall - view.nowMono,
  seenBy: view.self.name,
  declared: null,
  looks: [],
});

/** What would have been decided on this view; not asked any more once a failure was declared, really or under the limits that are tried. */
function withLook(story: Story, doubt: Doubt, view: View, declared: string | null, overrides: Overrides): Story {
  const last = story.looks.at(-1);
  const isOver = story.declared !== null || last?.would?.atMono === last?.atMono;
  const told = {
    ...story,
    doubt,
    declared: story.declared ?? (declared === null ? null : { rule: declared, atMono: view.nowMono }),
  };
  if (last !== undefined && isOver) return told;
  const look: Looked = {
    atMono: view.nowMono,
    would: declaresAt(view, (seen) => underSettings(seen, overrides)),
    does: declaresAt(view),
    keyGone: view.coordinator.kind === 'read' && leading(view.coordinator.state) === null,
    ttlLongerMs: Math.max(0, (overrides.lease?.ttlMs ?? 0) - view.policy.lease.ttlMs),
  };
  return { ...told, looks: [...story.looks, look] };
}

function endedAtOnce(view: View, rule: string): ReplayedDoubt {
  const none = { fromMs: 0, toMs: 0 };
  return {
    ...{ seenBy: view.self.name, about: view.self.name, as: 'leader', at: view.nowWall, signs: [] },
    really: { kind: 'failed', rule, afterMs: 0 },
    would: { kind: 'declared', rule, after: none },
  };
}

export function replayed(state: ReplayState): Replayed {
  const { members, decisions, withoutSamples, missing, from, recorded, doubts, below, leftOut, last } = withEnd(state);
  return {
    ...{ members, decisions, from, to: last?.wall ?? null, recorded, doubts },
    unknown: [
      ...below,
      ...(withoutSamples === 0
        ? []
        : [
            `${withoutSamples} of ${decisions} decisions were journalled by a version that wrote no views while a doubt lasted: doubts that healed then are not to be seen, and failures can only be bounded widely.`,
          ]),
      ...(missing === 0 ? [] : [`${missing} lines are missing: the disk did not keep up.`]),
      ...(leftOut === 0 ? [] : [`${leftOut} older doubts were left out.`]),
      ...(members.length > 1
        ? [`Lines of ${members.join(' and ')} are mixed: replay the journal of each host by itself.`]
        : []),
    ],
  };
}
