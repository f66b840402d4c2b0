/**
 * One round of the demo and the bench: clients write through a fault, redundancy comes back, the daemon's record of it
 * is fetched, and the rows are compared with what the clients were told.
 */
import { absurd } from '../../src/core/result.ts';
import { INSTANT_NAMES, type Incident, type InstantName } from '../../src/core/sla/incident.ts';
import type { Gap } from './acknowledgements.ts';
import { CheckingClient } from './client.ts';
import { areEqual, compareNodes, type NodeRows } from './compare-nodes.ts';
import { readIncidents, readLeader, readStatus } from './daemon-facts.ts';
import type { Fault } from './faults.ts';
import type { Rig } from './rig.ts';
import { monoNow } from './rig-member.ts';
import type { Verdict } from './verify.ts';

export interface Round {
  readonly fault: Fault;
  /** Who led before and after. */
  readonly oldLeader: string;
  readonly newLeader: string;
  /** Longest time in which no write was acknowledged; 0 when there was none of 50 ms. */
  readonly outageMs: number;
  /** Its end, after the fault began. */
  readonly writesAgainMs: number;
  /** Other times of at least 50 ms without an acknowledgement, from the fault to the end of the round. */
  readonly otherGapsMs: readonly number[];
  /** After the fault began. */
  readonly redundantMs: number;
  /** The leader's record of it; null when it has none. */
  readonly incident: Incident | null;
  readonly verdict: Verdict;
  readonly nodes: readonly NodeRows[];
  /** What the daemons should have recorded and did not. Sentences. */
  readonly doubts: readonly string[];
  /** Stopped. Its rows can be looked for again, later and on every node. */
  readonly client: CheckingClient;
}

export interface RoundOptions {
  readonly writers: number;
  /** Writes wait for a standby (mode `strict`): the fault is healed as soon as another member leads. */
  readonly writesNeedStandby: boolean;
  readonly say: (text: string) => void;
}

const rowsBefore = 200;
const rowsAfter = 50;
const startLimitMs = 20_000;
const writesAgainLimitMs = 30_000;
const redundantLimitMs = 40_000;
const incidentLimitMs = 5_000;
const compareLimitMs = 20_000;

/** Needs a redundant cluster and leaves one. Throws when that does not come in time, with the newest log lines. */
export async function playRound(
  rig: Rig,
  fault: Fault,
  { writers, writesNeedStandby, say }: RoundOptions,
): Promise<Round> {
  const endpoints = rig.clientEndpoints();
  const before = await rig.waitFor('a leader with redundancy, before the fault', redundantLimitMs, async () => {
    const leader = await readLeader(rig);
    return leader?.redundant === true ? leader : null;
  });
  const oldLeader = before.name;
  const known = new Set((await readIncidents(rig, oldLeader)).map(({ id }) => id));
  await using client = new CheckingClient({ endpoints, writers });
  await client.start(startLimitMs);
  await client.untilMore(rowsBefore, startLimitMs);

  say(fault.says(oldLeader));
  const heal = () => {
    if (fault.heal === undefined) return;
    fault.heal(rig, oldLeader);
    say(`${oldLeader} is started again`);
  };
  const postmasterBefore = rig.member(oldLeader).postmasterPid();
  const beganMono = await fault.inject(rig, oldLeader);
  if (writesNeedStandby) {
    await rig.waitFor(`a leader other than ${oldLeader}`, writesAgainLimitMs, async () => {
      const leader = await readLeader(rig);
      return leader !== null && leader.name !== oldLeader;
    });
    heal();
  }
  if (fault.endsWrites) {
    // Elsewhere, or on the same member once its PostgreSQL was restarted. Before that, acknowledgements prove nothing:
    // what a killed postmaster leaves behind may give some until it is fenced.
    await rig.waitFor('writes to be possible again', writesAgainLimitMs, () => {
      const postmaster = rig.member(oldLeader).postmasterPid();
      return client.servedBy !== oldLeader || (postmaster !== null && postmaster !== postmasterBefore);
    });
  }
  await client.untilMore(rowsAfter, writesAgainLimitMs);
  const newLeader = client.servedBy ?? oldLeader;
  say(`clients write again, through ${newLeader}`);
  if (!writesNeedStandby) heal();
  await rig.waitFor(`redundancy with ${newLeader} as the leader`, redundantLimitMs, async () => {
    const status = await readStatus(rig, newLeader);
    return status?.leader === newLeader && status.redundant;
  });
  const redundantMono = monoNow();
  const { found, incident } = await recordOf(rig, newLeader, known);
  await client.untilMore(rowsAfter, startLimitMs);
  await client.stop();

  const [outage, ...others] = client.outages(beganMono);
  const round = {
    ...{ fault, oldLeader, newLeader, incident, client },
    ...outageSince(beganMono, outage),
    doubts: doubtsOf(found, incident, Math.round(outage?.lengthMs ?? 0)),
    otherGapsMs: others.map(({ lengthMs }) => Math.round(lengthMs)),
    redundantMs: Math.round(redundantMono - beganMono),
    nodes: await compareNodes(endpoints, newLeader, compareLimitMs),
    verdict: await verifyOn(rig, newLeader, client),
  };
  say(`redundant again after ${(round.redundantMs / 1000).toFixed(1)} s; ${checkedText(round)}`);
  return round;
}

/** Nothing acknowledged is missing, nothing is there twice or unasked, and the nodes are equal. */
export const isIntact = ({ verdict, nodes }: Pick<Round, 'verdict' | 'nodes'>): boolean =>
  verdict.missing === 0 && verdict.doubled === 0 && verdict.foreign === 0 && areEqual(nodes);

/** Looks for the rows of all rounds again, on every node: a later fault must not lose what an earlier one kept. */
export async function verifyAgain(rig: Rig, rounds: readonly Round[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name } of rig.clientEndpoints())
    for (const { client } of rounds) verdicts.push(await verifyOn(rig, name, client));
  return verdicts;
}

function verifyOn(rig: Rig, member: string, client: CheckingClient): Promise<Verdict> {
  const endpoint = rig.clientEndpoints().find(({ name }) => name === member);
  if (endpoint === undefined) throw new Error(`no endpoint for ${member}`);
  return client.verify(endpoint);
}

const outageSince = (beganMono: number, outage: Gap | undefined): Pick<Round, 'outageMs' | 'writesAgainMs'> =>
  outage === undefined
    ? { outageMs: 0, writesAgainMs: 0 }
    : { outageMs: Math.round(outage.lengthMs), writesAgainMs: Math.round(outage.toMono - beganMono) };

const checkedText = ({ verdict, nodes }: Pick<Round, 'verdict' | 'nodes'>): string =>
  isIntact({ verdict, nodes }) ? `${verdict.acknowledged} acknowledged writes, all there` : 'THE DATA IS NOT INTACT';

/** The record closes when the daemon sees redundancy, which the client of this rig may have seen a moment before. */
async function recordOf(
  rig: Rig,
  leader: string,
  known: ReadonlySet<string>,
): Promise<{ readonly found: readonly Incident[]; readonly incident: Incident | null }> {
  const fresh = async () => (await readIncidents(rig, leader)).filter(({ id }) => !known.has(id));
  const closed = await rig
    .waitFor('a closed incident', incidentLimitMs, async () => {
      const all = await fresh();
      return all.length > 0 && all.every(({ state }) => state === 'closed') ? all : null;
    })
    .catch(() => null);
  const found = closed ?? (await fresh());
  // Its own record is the one with a probe that saw both ends.
  const incident = found.findLast(({ recordedBy }) => recordedBy === leader) ?? found.at(-1) ?? null;
  return { found, incident };
}

/** `outageMs` is what the client saw: a record that says something else is doubted. */
export function doubtsOf(found: readonly Incident[], incident: Incident | null, outageMs: number): readonly string[] {
  if (incident === null) return ['no incident was recorded'];
  const { id, kind, state, instants, phases } = incident;
  const unseen = INSTANT_NAMES.filter((name) => belongsTo(kind, name) && instants[name] === null);
  const others = found.filter((each) => each !== incident).map((each) => `${each.id} (${each.kind})`);
  const recordedMs = phases.outage;
  const differs = recordedMs !== null && (recordedMs < outageMs - shorterMsMax || recordedMs > outageMs + longerMsMax);
  return [
    ...(state === 'open' ? [`the incident ${id} is still open`] : []),
    ...(unseen.length > 0 ? [`the incident ${id} has no ${unseen.join(' ')}`] : []),
    ...(differs ? [`the incident ${id} says ${recordedMs} ms of outage, the client saw ${outageMs} ms`] : []),
    ...(others.length > 0 ? [`it was recorded more than once: also ${others.join(', ')}`] : []),
  ];
}

/** The client finds the new primary a moment after the probe; the probe's last good write is up to 300 ms old. */
const [shorterMsMax, longerMsMax] = [150, 400];

function belongsTo(kind: Incident['kind'], name: InstantName): boolean {
  switch (kind) {
    case 'failover':
    case 'switchover':
    case 'drill':
    case 'forced-failover':
      return true;
    case 'restart-in-place':
      return !['t3', 't4', 't5'].includes(name);
    case 'outage-without-failover':
      return ['t0', 't1', 't7'].includes(name);
    default:
      return absurd(kind);
  }
}
