/** The demo itself: a cluster, three events, and the account of them. */
import { randomBytes } from 'node:crypto';
import { durationText } from '../../src/core/sla/timeline-text.ts';
import { compareNodes } from '../rig/compare-nodes.ts';
import { faultNamed } from '../rig/faults.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig } from '../rig/rig.ts';
import { isIntact, playRound, type Round, verifyAgain } from '../rig/round.ts';
import { eventText } from './event-text.ts';
import { type Heard, SitesDesk } from './sites-desk.ts';
import { budgetText, writeReports } from './reports.ts';
import { deskChannel, examplePromises } from './promises.ts';
import { conclusion, summaryTable } from './summary-text.ts';

export interface Output {
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
}

export interface Played {
  readonly rig: Rig;
  readonly intact: boolean;
  /** Ends the cluster and the sites' desk. */
  readonly end: () => Promise<void>;
}

const events = ['pg-kill9', 'node-kill', 'switchover'] as const;
const writers = 1;
const compareLimitMs = 20_000;
const inAllMsMax = 90_000;
const toldLimitMs = 10_000;
/** The one channel of the sites, and the name of the secret that signs what goes through it. */
const channel = 'sites-desk';

/** The rig is still running when this ends; when it throws, nothing is left. Takes 90 s at most. */
export async function playDemo(keepDirectory: boolean, { print, say }: Output): Promise<Played> {
  const began = performance.now();
  const secret = randomBytes(16).toString('hex');
  const promised = examplePromises(channel);
  const desk = await SitesDesk.open(secret);
  const rig = await startRedundantRig(
    {
      members: ['slough-a', 'reading-b'],
      locations: { 'slough-a': 'slough', 'reading-b': 'reading' },
      mode: 'available',
      etcdMembers: 3,
      contracts: promised,
      shared: { channels: [deskChannel(channel, desk.url)] },
      notify: { secrets: { [channel]: secret } },
      keepDirectory,
    },
    say,
  ).catch(async (error: unknown) => {
    await desk[Symbol.asyncDispose]();
    throw error;
  });
  const end = async () => {
    await rig.stopAll();
    await desk[Symbol.asyncDispose]();
  };
  try {
    const leftMs = inAllMsMax - (performance.now() - began);
    const intact = await within(
      leftMs,
      `the demo took more than ${durationText(inAllMsMax)}`,
      playEvents(rig, desk, promised.sites.length, { print, say }),
    );
    return { rig, intact, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function playEvents(rig: Rig, desk: SitesDesk, sites: number, { print, say }: Output): Promise<boolean> {
  const rounds: Round[] = [];
  const told: (readonly Heard[])[] = [];
  for (const name of events) {
    const round = await playRound(rig, faultNamed(name), { writers, writesNeedStandby: false, say });
    rounds.push(round);
    told.push(await untilTold(rig, desk, round, sites));
    say(`${told.at(-1)?.length} messages reached the sites' desk`);
  }
  say('looking for every acknowledged write again, on both nodes');
  const found = await verifyAgain(rig, rounds);
  const nodes = await compareNodes(rig.clientEndpoints(), rounds.at(-1)?.newLeader ?? '', compareLimitMs);
  for (const [index, round] of rounds.entries())
    print(`${eventText(round, told[index] ?? [], index + 1, rounds.length)}\n`);
  print(`${summaryTable(rounds)}\n`);
  print(`The month's budget of each contract:\n${await budgetText(rig)}\n`);
  const files = await writeReports(rig, rounds);
  print(`Reports, to be opened in a browser:\n${files.map((file) => `  ${file}`).join('\n')}\n`);
  print(
    conclusion(
      rounds.reduce((sum, { verdict }) => sum + verdict.acknowledged, 0),
      found,
      nodes,
    ),
  );
  const allTold = told.every((heard) => new Set(heard.map(({ site }) => site)).size === sites);
  return allTold && rounds.every(isIntact) && found.every((verdict) => isIntact({ verdict, nodes }));
}

/** What the sites heard of a round; less than all of it when some were not told in time. */
async function untilTold(rig: Rig, desk: SitesDesk, { incident }: Round, sites: number): Promise<readonly Heard[]> {
  if (incident === null) return [];
  await rig
    .waitFor('every site to be told', toldLimitMs, () => desk.heardOf(incident.id).length >= sites)
    .catch(() => null);
  return desk.heardOf(incident.id);
}

async function within<T>(limitMs: number, complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), Math.max(0, limitMs));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
