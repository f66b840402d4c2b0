/**
 * The faults that the demo and the bench know. To add one, write an object like these and name it in `faults`: it is
 * then an option of `npm run bench -- --fault NAME`, listed in its help, and part of `--fault all`.
 */
import { runBaton } from './run-baton.ts';
import type { Rig } from './rig.ts';
import { monoNow } from './rig-member.ts';

export interface Fault {
  /** Its option: lower case and dashes. */
  readonly name: string;
  /** In a table, at most 20 characters. */
  readonly label: string;
  /** As a heading, about the member that leads. */
  says(leader: string): string;
  /** Does it to the member that leads. When it began, by `monoNow`: nothing of it happened before that. */
  inject(rig: Rig, leader: string): Promise<number>;
  /** Whether the leader's PostgreSQL ends. False for faults that must not cost an outage. */
  readonly endsWrites: boolean;
  /** Called once clients can write again (mode `strict`: once another member leads): a dead host is switched on. */
  heal?(rig: Rig, leader: string): void;
  /** What the median of the client's outage must not exceed: mode `available`, 2 cores, 3 etcd members. */
  readonly outageMsMax: number;
}

/** From the beginning of the fault until one more failure would be survived; the median, for every fault. */
export const redundantMsMax = 8_000;

const postmasterKilled: Fault = {
  name: 'pg-kill9',
  label: 'postmaster killed',
  says: (leader) => `The postmaster of ${leader} is killed (SIGKILL)`,
  inject: (rig, leader) => rig.killPostmaster(leader),
  endsWrites: true,
  outageMsMax: 300,
};

const nodeKilled: Fault = {
  name: 'node-kill',
  label: 'node killed',
  says: (leader) => `The whole node ${leader} is killed: batond, guardian and PostgreSQL at once`,
  inject: (rig, leader) => rig.killNode(leader),
  heal: (rig, leader) => rig.restartNode(leader),
  endsWrites: true,
  outageMsMax: 600,
};

const switchover: Fault = {
  name: 'switchover',
  label: 'switchover',
  says: (leader) => `A planned switchover from ${leader}`,
  async inject(rig, leader) {
    const beganMono = monoNow();
    await runBaton(rig, leader, ['switchover', '--yes', '--timeout', '20s', '--reason', 'planned, to measure it']);
    return beganMono;
  },
  endsWrites: true,
  outageMsMax: 500,
};

export const faults = [postmasterKilled, nodeKilled, switchover] as const;

/** Throws for an unknown name, and says which there are. */
export function faultNamed(name: string): Fault {
  const found = faults.find((fault) => fault.name === name);
  if (found === undefined)
    throw new Error(`no fault "${name}", there are: ${faults.map((fault) => fault.name).join(' ')}`);
  return found;
}
