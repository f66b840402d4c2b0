/** The demo itself: a cluster, three events, and the account of them. */
import { durationText } from '../../src/core/sla/timeline-text.ts';
import { compareNodes } from '../rig/compare-nodes.ts';
import { faultNamed } from '../rig/faults.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig } from '../rig/rig.ts';
import { isIntact, playRound, type Round, verifyAgain } from '../rig/round.ts';
import { eventText } from './event-text.ts';
import { examplePromises } from './promises.ts';
import { conclusion, summaryTable } from './summary-text.ts';

export interface Output {
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
}

export interface Played {
  readonly rig: Rig;
  readonly intact: boolean;
}

const events = ['pg-kill9', 'node-kill', 'switchover'] as const;
const writers = 1;
const compareLimitMs = 20_000;
const inAllMsMax = 90_000;

/** The rig is still running when this ends; when it throws, nothing is left. Takes 90 s at most. */
export async function playDemo(keepDirectory: boolean, { print, say }: Output): Promise<Played> {
  const began = performance.now();
  const rig = await startRedundantRig(
    {
      members: ['slough-a', 'reading-b'],
      locations: { 'slough-a': 'slough', 'reading-b': 'reading' },
      mode: 'available',
      etcdMembers: 3,
      contracts: examplePromises(),
      keepDirectory,
    },
    say,
  );
  try {
    const leftMs = inAllMsMax - (performance.now() - began);
    const intact = await within(
      leftMs,
      `the demo took more than ${durationText(inAllMsMax)}`,
      playEvents(rig, { print, say }),
    );
    return { rig, intact };
  } catch (error) {
    await rig.stopAll();
    throw error;
  }
}

async function playEvents(rig: Rig, { print, say }: Output): Promise<boolean> {
  const rounds: Round[] = [];
  for (const name of events)
    rounds.push(await playRound(rig, faultNamed(name), { writers, writesNeedStandby: false, say }));
  say('looking for every acknowledged write again, on both nodes');
  const found = await verifyAgain(rig, rounds);
  const nodes = await compareNodes(rig.clientEndpoints(), rounds.at(-1)?.newLeader ?? '', compareLimitMs);
  for (const [index, round] of rounds.entries()) print(`${eventText(round, index + 1, rounds.length)}\n`);
  print(`${summaryTable(rounds)}\n`);
  print(
    conclusion(
      rounds.reduce((sum, { verdict }) => sum + verdict.acknowledged, 0),
      found,
      nodes,
    ),
  );
  return rounds.every(isIntact) && found.every((verdict) => isIntact({ verdict, nodes }));
}

async function within<T>(limitMs: number, complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), Math.max(0, limitMs));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
