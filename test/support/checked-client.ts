/** Writers through a whole test, and the one question that every such test ends with: is each acknowledged row there once? */
import { expect } from 'vitest';
import { CheckingClient, type ClientOptions } from '../../scripts/rig/client.ts';
import { areEqual, compareNodes } from '../../scripts/rig/compare-nodes.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import type { Verdict } from '../../scripts/rig/verify.ts';

const startLimitMs = 20_000;
const moreLimitMs = 40_000;
const compareLimitMs = 20_000;

/** Has had a hundred rows acknowledged when it resolves. */
export async function writing(rig: Rig, options: Partial<ClientOptions> = {}): Promise<CheckingClient> {
  const client = new CheckingClient({ endpoints: rig.clientEndpoints(), writers: 2, ...options });
  try {
    await client.start(startLimitMs);
    await client.untilMore(100, startLimitMs);
    return client;
  } catch (error) {
    await client.stop();
    throw error;
  }
}

export const goesOn = (client: CheckingClient): Promise<void> => client.untilMore(50, moreLimitMs);

/** Stops the client. Nothing that was acknowledged is missing on `leader`, nothing is there twice, the nodes are equal. */
export async function expectIntact(rig: Rig, client: CheckingClient, leader: string): Promise<void> {
  const verdict = await verdictOn(rig, client, leader);
  expect(verdict.acknowledged).toBeGreaterThan(0);
  expect(verdict, client.problems.join('\n')).toMatchObject({ missing: 0, doubled: 0, foreign: 0 });
  const nodes = await compareNodes(rig.clientEndpoints(), leader, compareLimitMs);
  expect(areEqual(nodes), JSON.stringify(nodes)).toBe(true);
}

/** Stops the client. */
export async function verdictOn(rig: Rig, client: CheckingClient, leader: string): Promise<Verdict> {
  await client.stop();
  const endpoint = rig.clientEndpoints().find(({ name }) => name === leader);
  if (endpoint === undefined) throw new Error(`no endpoint for ${leader}`);
  return client.verify(endpoint);
}
