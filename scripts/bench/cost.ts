/**
 * `npm run bench -- --cost`: what Baton costs while nothing happens. A redundant cluster with three etcd members in its
 * default configuration; once it has said nothing for a while, one minute is measured. Memory is that of the end.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { second } from '../../src/core/units.ts';
import { readLeader } from '../rig/daemon-facts.ts';
import { startProgress } from '../rig/progress.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig } from '../rig/rig.ts';
import type { RigMember } from '../rig/rig-member.ts';
import {
  coreShareOf,
  type EtcdCost,
  judge,
  type MeasuredMember,
  type MemberCost,
  memberCost,
  type Part,
} from './cost/account.ts';
import { keyVersions, metricsOf } from './cost/etcd-look.ts';
import { grown, type Sample, sumsBy, totalOf } from './cost/etcd-metrics.ts';
import { lookAtProcess, memoryNow } from './cost/process-look.ts';
import { unaskedWrites, writesBetween } from './cost/quiet-writes.ts';
import { costText } from './cost/render.ts';
import { lookAtMachine, machineText } from './machine.ts';
import { writeResults } from './results.ts';

const windowMs = 60 * second;
/** No member's log has grown for so long: the cluster is at rest. */
const quietForMs = 10 * second;
const quietLimitMs = 180 * second;
const renewal = 'LeaseKeepAlive';
const parts: readonly Part[] = ['batond', 'guardian'];

/** Prints what it found; false when a target was missed. */
export async function benchCost(binDir: string, out: string | undefined): Promise<boolean> {
  const machine = lookAtMachine(binDir);
  const say = startProgress((line) => void process.stderr.write(line));
  await using rig = await startRedundantRig({ members: ['a', 'b'], etcdMembers: 3 }, say);
  await untilQuiet(rig);
  say(`nobody has logged anything for ${quietForMs / second} s; measuring for ${windowMs / second} s`);
  const { members, etcd } = await measure(rig);
  const judged = judge(members, etcd);
  const text = costText(members, etcd, judged);
  const conditions = `${new Date().toISOString()}. ${machineText(machine)}.`;
  process.stdout.write(`${text}\n\n${conditions}\n`);
  if (out !== undefined)
    writeResults(out, {
      name: 'cost',
      title: 'What Baton costs while nothing happens',
      command: `npm run bench -- --cost --out ${out}`,
      json: { machine, members, etcd, judged },
      ...{ conditions, text },
    });
  return judged.every(({ kept }) => kept);
}

async function untilQuiet(rig: Rig): Promise<void> {
  let [seen, sinceMono] = [-1, performance.now()];
  await rig.waitFor(`${quietForMs} ms in which no member logs anything`, quietLimitMs, () => {
    const now = [...rig.members.values()].reduce((sum, member) => sum + logBytes(member), 0);
    if (now !== seen) [seen, sinceMono] = [now, performance.now()];
    return performance.now() - sinceMono >= quietForMs;
  });
}

async function measure(rig: Rig): Promise<{ readonly members: readonly MemberCost[]; readonly etcd: EtcdCost }> {
  const leader = (await readLeader(rig))?.name;
  const first = await look(rig);
  await sleep(windowMs);
  const last = await look(rig);
  const tookMs = last.atMono - first.atMono;
  const members = [...rig.members.values()].map((member, at): MemberCost => {
    const [before, after] = [memberAt(first, at), memberAt(last, at)];
    const measured: MeasuredMember = {
      name: member.files.name,
      leads: member.files.name === leader,
      processes: parts.map((part, of) => ({
        part,
        memory: memoryNow(pidOf(member, part)),
        before: processAt(before, of),
        after: processAt(after, of),
      })),
      logBytes: after.logBytes - before.logBytes,
      journalBytes: after.journalBytes - before.journalBytes,
    };
    return memberCost(measured, tookMs);
  });
  return { members, etcd: etcdCost(first, last, tookMs) };
}

type Look = Awaited<ReturnType<typeof look>>;

async function look(rig: Rig) {
  const { endpoints, pids } = rig.etcd;
  return {
    atMono: performance.now(),
    members: [...rig.members.values()].map((member) => ({
      processes: parts.map((part) => lookAtProcess(pidOf(member, part))),
      logBytes: logBytes(member),
      journalBytes: bytesIn(join(member.files.stateDir, 'journal')),
    })),
    etcd: pids.map(lookAtProcess),
    metrics: await Promise.all(endpoints.map(metricsOf)),
    keys: await keyVersions(endpoints[0] ?? '', `/service/${rig.cluster}/`),
  };
}

function etcdCost(first: Look, last: Look, tookMs: number): EtcdCost {
  const perSecond = (count: number) => (count * second) / tookMs;
  // Streams by their messages: a watch that stays open is handled only when it ends.
  const received = ({ metrics }: Look) => sumsBy(metrics.flat(), 'grpc_server_msg_received_total', 'grpc_method');
  const requests = grown(received(first), received(last));
  // Every member applies every write: one member's count is the cluster's.
  const puts = ({ metrics }: Look) => totalOf(metrics[0] ?? ([] as Sample[]), 'etcd_debugging_mvcc_put_total');
  const written = writesBetween(first.keys, last.keys);
  return {
    requestsPerSecond: Object.fromEntries(
      [...requests].filter(([method]) => method !== renewal).map(([method, count]) => [method, perSecond(count)]),
    ),
    renewalsPerSecond: perSecond(requests.get(renewal) ?? 0),
    writesPerSecond: perSecond(puts(last) - puts(first)),
    written,
    unasked: unaskedWrites(written, tookMs / second),
    coreShares: first.etcd.map((before, at) => coreShareOf(before, last.etcd[at] ?? before)),
  };
}

function memberAt({ members }: Look, at: number): Look['members'][number] {
  const member = members[at];
  if (member === undefined) throw new RangeError(`no member ${at}`);
  return member;
}

function processAt({ processes }: Look['members'][number], at: number) {
  const found = processes[at];
  if (found === undefined) throw new RangeError(`no process ${at}`);
  return found;
}

function pidOf(member: RigMember, part: Part): number {
  const [found] = member.processes(part);
  if (found === undefined) throw new Error(`no ${part} of ${member.files.name} is running`);
  return found.pid;
}

const logBytes = ({ files }: RigMember): number => sizeOf(files.logFile) + sizeOf(join(files.stateDir, 'guardian.log'));

const bytesIn = (directory: string): number =>
  readdirSync(directory).reduce((sum, file) => sum + sizeOf(join(directory, file)), 0);

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
