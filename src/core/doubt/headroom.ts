/** How long what is doubted in a view could go on before the rules would declare a failure. */
import { backing } from '../backing.ts';
import { decide } from '../decide.ts';
import { sessionsPatience } from '../decide-primary.ts';
import { cutOffAt } from '../guardian-deadlines.ts';
import type { Rule } from '../rules.ts';
import { type MonoMs, monoMs, type Ms } from '../units.ts';
import type { View } from '../view.ts';
import { later, withLeaseRunOut } from './later.ts';

export interface Declares {
  readonly atMono: MonoMs;
  /** As the journals name it; `fenced-by-guardian` for what the guardian decides by itself. */
  readonly rule: Rule;
}

/** By these a member ends a leadership, its own or another's, because something has failed. */
const declaring: ReadonlySet<string> = new Set<Rule>([
  'take-over',
  'campaign',
  'hand-over-dead-postgres',
  'hand-over-unfenced',
  'hand-over-hung-disk',
  'hand-over-within-lag',
  'release-unfenced',
  'fence-deadline',
  'fence-hung',
  'fence-slow-start',
  'fence-clock-jump',
  'fenced-by-guardian',
  'restart-in-place',
]);

/** A primary that takes its own key back ends nobody's leadership. */
export const declares = (view: View, { rule }: { readonly rule: string }): boolean =>
  declaring.has(rule) && !(rule === 'campaign' && view.postgres.kind === 'primary');

/** Two looks of the loop are not nearer to each other than that. */
const exactMs: Ms = 1;

/**
 * When the rules declare a failure, if whatever fails in `view` goes on failing and the rest stays as it is: now, later, or
 * null when they never do by this alone. `seenAs` changes what is decided on: other limits over the same facts.
 */
export function declaresAt(view: View, seenAs: (view: View) => View = (same) => same): Declares | null {
  const ruleAfter = (byMs: Ms): Rule | null => {
    const then = byMs === 0 ? seenAs(view) : withLeaseRunOut(seenAs(later(view, byMs)));
    const decision = decide(then);
    // What the cool-down holds back was found to have failed all the same.
    if (declares(then, decision) || decision.rule === 'hold-cooldown') return decision.rule;
    return isCutOff(then) ? 'fenced-by-guardian' : null;
  };
  const now = ruleAfter(0);
  if (now !== null) return { atMono: view.nowMono, rule: now };
  let [before, at] = [0, horizonMs(seenAs(view))];
  let rule = ruleAfter(at);
  if (rule === null) return null;
  while (at - before > exactMs) {
    const middle = Math.floor((before + at) / 2);
    const found = ruleAfter(middle);
    if (found === null) before = middle;
    else [at, rule] = [middle, found];
  }
  return { atMono: monoMs(view.nowMono + at), rule };
}

/** Beyond the longest chain of limits nothing changes any more. */
const horizonMs = ({ policy: { lease, failover } }: View): Ms =>
  2 * (lease.ttlMs + sessionsPatience * failover.hangMs + failover.streamSilenceMs + failover.failsafeWindowMs);

/** The guardian fences a leader inside its lease when neither etcd nor a standby confirms it: its own rule, not batond's. */
function isCutOff(view: View): boolean {
  const { lease } = view.guardian;
  if (view.coordinator.kind !== 'read' || view.postgres.kind !== 'primary' || lease.kind !== 'held') return false;
  const { policy, nowMono } = view;
  const at = cutOffAt({
    lease: { ...lease, confirmedBootAheadMs: 0, renewSentMono: lease.confirmedSentMono },
    leading: { backing: backing(view, view.coordinator.state) },
    rules: { ...policy.lease, orphanMs: policy.guardian.orphanMs, failsafeWindowMs: policy.failover.failsafeWindowMs },
  });
  return at !== null && nowMono >= at;
}
