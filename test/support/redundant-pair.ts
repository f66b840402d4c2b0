/** The two members of a rig once nothing is under way between them: where every test on a shared rig begins. */
import { readStatus } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import type { Status } from '../../src/wire/status.ts';

export interface Pair {
  readonly leader: string;
  readonly standby: string;
  /** As the leader's daemon sees it. */
  readonly status: Status;
}

const limitMs = 60_000;

/** Both daemons name one leader, the standby streams, the cluster is redundant, and no incident is open any more. */
export function redundantPair(rig: Rig): Promise<Pair> {
  return rig.waitFor('a redundant pair with no incident open', limitMs, () => pairNow(rig));
}

async function pairNow(rig: Rig): Promise<Pair | null> {
  const names = [...rig.members.keys()];
  const all = await Promise.all(names.map((name) => readStatus(rig, name)));
  const leader = all[0]?.leader ?? null;
  const settled = all.every((each) => each?.leader === leader && each.redundant && each.incident === null);
  const standby = names.find((name) => name !== leader);
  const status = all[names.indexOf(leader ?? '')];
  const streams = status?.members.some(({ name, state }) => name === standby && state === 'streaming') === true;
  if (leader === null || !settled || !streams || standby === undefined || status == null) return null;
  // A daemon that has just been started has not looked at its PostgreSQL yet.
  if (status.timeline === null) return null;
  return { leader, standby, status };
}
