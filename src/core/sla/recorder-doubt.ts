/** Probes and doubts: from the first bad sign to its end, or to an incident that no rule had to declare. */
import type { RecorderFact, Applied, NearMiss } from './recorder-fact.ts';
import { opened, outageOf, supersededBy } from './recorder-state.ts';
import type { Doubt, RecorderState } from './recorder-state.ts';
import { afterHealed, afterWriteFailed, afterWriteOk, markAt, mergeEvidence, withMark } from './recording.ts';
import type { Mark } from './recording.ts';
import { monoMs } from '../units.ts';
import type { Ms } from '../units.ts';

type Fact<Kind extends RecorderFact['kind']> = Extract<RecorderFact, { readonly kind: Kind }>;

export function writeOk(state: RecorderState, fact: Fact<'write-ok'>): Applied {
  const mark = markAt(fact.ackedMono, fact.wall, `write probe to ${fact.target}`);
  const outage = outageOf(state);
  const write = { mark, target: fact.target, by: fact.by };
  const open =
    outage === null ? state.open : afterWriteOk(outage, write, state.incidentAfterMs, state.redundant === true);
  const next = { ...state, open };
  const isNewest = state.lastGood === null || mark.mono >= state.lastGood.mark.mono;
  if ((state.leader !== null && state.leader.member !== fact.target) || !isNewest) return { state: next };
  const good = {
    ...next,
    lastGood: { mark, by: fact.by },
    bounds: { replayedCommitMono: null, guardianExitMono: null },
  };
  const { doubt } = state;
  if (doubt === null || doubt.lastFailedMono === null || mark.mono < doubt.lastFailedMono) return { state: good };
  if (doubt.suspected) return { state: { ...good, doubt: { ...doubt, firstFailedMono: null, lastFailedMono: null } } };
  return { state: { ...good, doubt: null }, nearMiss: nearMissOf(doubt, mark, state.incidentAfterMs) };
}

export function writeFailed(state: RecorderState, fact: Fact<'write-failed'>): Applied {
  if (state.leader !== null && state.leader.member !== fact.target) return { state };
  const outage = outageOf(state);
  if (outage !== null) return { state: { ...state, open: afterWriteFailed(outage, fact.atMono, fact.by) } };
  const by = `write probe to ${fact.target}`;
  const at = markAt(fact.atMono, fact.wall, by);
  if (state.lastGood !== null && at.mono < state.lastGood.mark.mono) return { state };
  const known = state.doubt ?? newDoubt(at);
  const firstFailedMono = known.firstFailedMono ?? at.mono;
  const says = `${by} failed: ${fact.problem}`;
  const doubt = {
    ...known,
    evidence: mergeEvidence(known.evidence, known.firstFailedMono === null ? [{ id: 'note', says }] : []),
    firstFailedMono,
    lastFailedMono: at.mono,
  };
  const failingMs = at.mono - firstFailedMono;
  if (failingMs < state.incidentAfterMs || fact.opensNothing === true) return { state: { ...state, doubt } };
  const because = `${by} has failed for ${failingMs} ms: ${fact.problem}`;
  const cause = {
    kind: 'outage-without-failover',
    trigger: 'write-probe-failing',
    rule: null,
    because,
    evidence: [],
  } as const;
  const begun = opened({ ...state, doubt }, at, cause);
  return { state: { ...begun, open: begun.open && withMark(begun.open, 't2', at) }, ...supersededBy(state) };
}

export function suspected(state: RecorderState, fact: Fact<'suspected'>): Applied {
  const outage = outageOf(state);
  if (outage !== null)
    return { state: { ...state, open: { ...outage, evidence: mergeEvidence(outage.evidence, fact.evidence) } } };
  const by = fact.evidence.length === 0 ? 'evidence' : fact.evidence.map(({ id }) => id).join('+');
  const known = state.doubt ?? newDoubt(markAt(fact.atMono, fact.wall, by));
  return {
    state: { ...state, doubt: { ...known, suspected: true, evidence: mergeEvidence(known.evidence, fact.evidence) } },
  };
}

export function healed(state: RecorderState, fact: Fact<'healed'>): Applied {
  const at = markAt(fact.atMono, fact.wall, 'all doubts gone');
  const outage = outageOf(state);
  if (outage !== null) return { state: { ...state, open: afterHealed(outage, at, state.redundant === true) } };
  return { state: { ...state, doubt: null, decided: null } };
}

const newDoubt = (since: Mark): Doubt => ({
  since,
  evidence: [],
  suspected: false,
  firstFailedMono: null,
  lastFailedMono: null,
});

/** The headroom is what was left until failing writes would have been an incident. */
function nearMissOf(doubt: Doubt, at: Mark, incidentAfterMs: Ms): NearMiss {
  const lastedMs = Math.max(0, at.mono - doubt.since.mono);
  return { sinceMono: monoMs(doubt.since.mono), lastedMs, headroomMs: Math.max(0, incidentAfterMs - lastedMs) };
}
