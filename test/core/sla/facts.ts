/** Facts and incidents for the tests of the record: a fold from short rows, on a clock whose wall is mono + EPOCH. */
import type { Contract, Site } from '../../../src/core/sla/contract.ts';
import type { Evidence, Incident, MeasuredBy, Place } from '../../../src/core/sla/incident.ts';
import { newRecorder, recordFact } from '../../../src/core/sla/recorder.ts';
import type { RecorderFact, RecorderOutput, RecorderState } from '../../../src/core/sla/recorder.ts';
import { memberName, minute, monoMs, parseLsn, revision, second, timeline, wallMs } from '../../../src/core/units.ts';

/** 24 April 2008, 09:15 in London, at mono 0. */
export const EPOCH = Date.parse('2008-04-24T08:15:00.000Z');
export const at = (mono: number) => ({ atMono: monoMs(mono), wall: wallMs(EPOCH + mono) });

const slough: Place = { member: 'slough-a', location: 'slough' };
const reading: Place = { member: 'reading-b', location: 'reading' };

export const writeOk = (ackedMono: number, target = 'slough-a', by: MeasuredBy = 'standby'): RecorderFact => ({
  kind: 'write-ok',
  sentMono: monoMs(ackedMono - 2),
  ackedMono: monoMs(ackedMono),
  wall: wallMs(EPOCH + ackedMono),
  target: memberName(target),
  by,
});

export const writeFailed = (mono: number, target = 'slough-a'): RecorderFact => ({
  kind: 'write-failed',
  ...at(mono),
  target: memberName(target),
  problem: 'connection refused',
  by: 'standby',
});

export const suspected = (mono: number, id: Evidence['id'] = 'E5'): RecorderFact => ({
  kind: 'suspected',
  ...at(mono),
  evidence: [{ id, says: `postgres probe refused at ${mono}` }],
});

export const healed = (mono: number): RecorderFact => ({ kind: 'healed', ...at(mono) });

export const declared = (
  mono: number,
  incident: Incident['kind'] = 'failover',
  rule = 'take-over-refused',
): RecorderFact => ({
  kind: 'declared',
  ...at(mono),
  rule,
  trigger: incident === 'switchover' ? 'operator-request' : 'host-down',
  because: 'nobody listens on slough-a any more',
  incident,
  evidence: [{ id: 'E6', says: 'daemon probe refused twice, 100 ms apart' }],
});

/** The same, of a member that means to take the leadership. */
export const awaiting = (mono: number): RecorderFact => ({ ...declared(mono), awaits: 'leadership' }) as RecorderFact;

export const won = (
  mono: number,
  term = 1042,
  leader = reading,
  previousLeader: Place | null = slough,
): RecorderFact => ({
  kind: 'leadership-won',
  ...at(mono),
  leader,
  term: revision(term),
  previousLeader,
  previousTerm: revision(977),
});

export const accepting = (mono: number, newTimeline = 8): RecorderFact => ({
  kind: 'accepting-writes',
  ...at(mono),
  timeline: timeline(newTimeline),
  forkLsn: parseLsn('0/5000148'),
});

export const seen = (mode: 'available' | 'strict' | 'off' = 'available', leader = slough): RecorderFact => ({
  kind: 'leader-seen',
  ...at(-1000),
  leader,
  term: revision(977),
  timeline: timeline(7),
  mode,
});

export const plain = (kind: 'redundant' | 'redundancy-lost' | 'promotion-requested', mono: number): RecorderFact => ({
  kind,
  ...at(mono),
});
export const fenced = (mono: number): RecorderFact => ({
  kind: 'old-primary-fenced',
  ...at(mono),
  how: 'walreceiver stopped: nothing can be acknowledged',
});

/** Everything a failover of a dead host says, with an outage of 239 ms from the probe at 0 to the probe at 239. */
export const failover: readonly RecorderFact[] = [
  seen(),
  plain('redundant', -900),
  writeOk(-300),
  writeOk(0),
  suspected(61),
  suspected(70, 'E4'),
  declared(170),
  won(174),
  fenced(181),
  plain('promotion-requested', 182),
  accepting(221),
  writeFailed(225, 'reading-b'),
  writeOk(239, 'reading-b', 'leader'),
  plain('redundant', 4239),
];

export interface Folded {
  readonly state: RecorderState;
  readonly output: readonly RecorderOutput[];
  readonly incidents: readonly Incident[];
  /** The newest version of the newest incident; fails the test when there is none. */
  readonly incident: Incident;
  readonly nearMisses: readonly Extract<RecorderOutput, { kind: 'near-miss' }>['nearMiss'][];
}

export function fold(facts: readonly RecorderFact[], start = newRecorder('domain-1', memberName('reading-b'))): Folded {
  let state = start;
  const output: RecorderOutput[] = [];
  for (const fact of facts) {
    const step = recordFact(state, fact);
    state = step.state;
    output.push(...step.output);
  }
  const incidents = output.flatMap((entry) => (entry.kind === 'changed' ? [entry.incident] : []));
  return {
    state,
    output,
    incidents,
    nearMisses: output.flatMap((entry) => (entry.kind === 'near-miss' ? [entry.nearMiss] : [])),
    get incident() {
      const newest = incidents.at(-1);
      if (newest === undefined) throw new Error('no incident was recorded');
      return newest;
    },
  };
}

export const sites: readonly Site[] = [
  { id: 'berkshire', name: 'Royal Berkshire' },
  { id: 'wexham', name: 'Wexham Park' },
  { id: 'heatherwood', name: 'Heatherwood' },
  { id: 'st-marks', name: "St Mark's, Maidenhead" },
];

export const aContract = (changes: Partial<Contract> = {}): Contract => ({
  id: 'royal-berkshire',
  version: 1,
  customer: 'Royal Berkshire NHS Trust',
  sites: ['berkshire'],
  timeZone: 'Europe/London',
  serviceHours: { kind: 'always' },
  holidays: [],
  rtoMs: 30 * minute,
  rpoBytes: 0,
  rpoMs: 0,
  detectionMs: 10 * second,
  availability: null,
  exclusions: { maintenance: null },
  creditBands: [],
  validFrom: null,
  validTo: null,
  ...changes,
});
