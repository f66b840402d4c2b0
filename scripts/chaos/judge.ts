/** Compares what came of a round with what must. Pure. */
import { type Expectation, inMode, type Outage } from './fault.ts';
import type { Observed } from './observed.ts';

/** Sentences, one for each expectation that was not met; none when all is well. */
export function complaintsOf(seen: Observed, must: Expectation): readonly string[] {
  return [
    ...seen.strays,
    ...dataComplaints(seen, must),
    ...meanwhileComplaints(seen, must),
    ...leaderComplaints(seen, must),
    ...timeComplaints(seen, must),
    ...ruleComplaints(seen, must),
  ];
}

/** Mode `off` may lose what it says it may lose, and with that what somebody had read of it. Nothing else. */
function dataComplaints({ mode, anomalies, acknowledged, examples }: Observed, must: Expectation): readonly string[] {
  const { missing, readThenLost, twoOrders, ...never } = anomalies;
  const missingMax = mode === 'off' ? (must.rowsLostMaxOff ?? 0) : 0;
  const counted = missingMax > 0 ? never : { readThenLost, twoOrders, ...never };
  const broken = Object.entries(counted).filter(([, count]) => count > 0);
  return [
    ...(missing > missingMax
      ? [`${missing} of ${acknowledged} acknowledged writes are lost, allowed ${missingMax}: ${examples[0] ?? ''}`]
      : []),
    ...(broken.length > 0
      ? [`${broken.map(([name, count]) => `${name} ${count}`).join(', ')}: ${examples[0] ?? ''}`]
      : []),
  ];
}

function leaderComplaints({ mode, oldLeader, newLeader, promotions }: Observed, must: Expectation): readonly string[] {
  const leader = inMode(mode, must.leader);
  const [min, max] = inMode(mode, must.promotions);
  const same = oldLeader === newLeader;
  return [
    ...(leader === 'same' && !same ? [`${newLeader} leads and ${oldLeader} should have stayed the leader`] : []),
    ...(leader === 'other' && same ? [`${oldLeader} still leads and another member should`] : []),
    ...(promotions < min || promotions > max ? [`${promotions} promotions, expected ${min} to ${max}`] : []),
  ];
}

function meanwhileComplaints({ mode, oldLeader, meanwhile }: Observed, must: Expectation): readonly string[] {
  const expected = must.meanwhile === undefined ? 'anybody' : inMode(mode, must.meanwhile);
  const was = meanwhile === null ? 'nobody' : meanwhile === oldLeader ? 'same' : 'other';
  if (expected === 'anybody' || expected === was) return [];
  return [`${meanwhile ?? 'nobody'} led before the healing, expected: ${expected} (it was ${oldLeader})`];
}

function timeComplaints(seen: Observed, must: Expectation): readonly string[] {
  const outageMsMax = longestOutage(inMode(seen.mode, must.outage), seen.lastedMs);
  return [
    ...(seen.outageMs > outageMsMax
      ? [`clients waited ${seen.outageMs} ms, at most ${outageMsMax} ms was expected`]
      : []),
    ...(seen.redundantMs > must.redundantMsMax
      ? [`redundant ${seen.redundantMs} ms after the healing, expected within ${must.redundantMsMax} ms`]
      : []),
  ];
}

function ruleComplaints({ mode, rules }: Observed, must: Expectation): readonly string[] {
  const wanted = must.rules === undefined ? [] : inMode(mode, must.rules);
  const absent = wanted.map((one) => [one].flat()).filter((choices) => !choices.some((rule) => rules.includes(rule)));
  const forbidden = rules.filter((rule) => must.never?.includes(rule));
  return [
    ...absent.map((choices) => `no member's journal names ${choices.join(' or ')}`),
    ...forbidden.map((rule) => `a member's journal names ${rule}, which must not happen here`),
  ];
}

export const longestOutage = (outage: Outage, lastedMs: number): number =>
  'msMax' in outage ? outage.msMax : lastedMs + outage.msMaxAfterHealing;
