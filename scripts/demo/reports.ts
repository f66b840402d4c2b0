/** What is left of the demo: a report of each incident on disk, and what the contracts come to. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { renderBudget } from '../../src/cli/sla.ts';
import { slaReportSchema } from '../../src/wire/sla.ts';
import { readLeader } from '../rig/daemon-facts.ts';
import type { Rig } from '../rig/rig.ts';
import type { Round } from '../rig/round.ts';

/** Replaced by each run. */
const directory = join(import.meta.dirname, '../../demo-reports');
const limitMs = 5_000;

/** The paths of the files, for people. Throws when the leader does not answer. */
export async function writeReports(rig: Rig, rounds: readonly Pick<Round, 'incident'>[]): Promise<readonly string[]> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const files: string[] = [];
  for (const { incident } of rounds) {
    if (incident === null) continue;
    const file = join(directory, `${incident.id}.html`);
    writeFileSync(file, await textFrom(rig, `/v1/incidents/${incident.id}/export?format=html`));
    files.push(relative(process.cwd(), file));
  }
  return files;
}

/** Like `baton sla budget`. */
export const budgetText = async (rig: Rig): Promise<string> =>
  renderBudget(slaReportSchema.parse(JSON.parse(await textFrom(rig, '/v1/sla'))).contracts);

async function textFrom(rig: Rig, path: string): Promise<string> {
  const leader = await rig.waitFor('a leader that answers', limitMs, () => readLeader(rig));
  const { host, apiPort } = rig.member(leader.name).files;
  const response = await fetch(`http://${host}:${apiPort}${path}`, { signal: AbortSignal.timeout(limitMs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} on ${leader.name} answered ${response.status}: ${text.slice(0, 200)}`);
  return text;
}
