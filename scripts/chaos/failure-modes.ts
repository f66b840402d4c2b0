/** docs/failure-modes.md, from the results of real rounds. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { thousands } from '../../src/core/sla/text-layout.ts';
import { type Family, families, type Fault, inMode } from './fault.ts';
import { faults } from './faults/all.ts';
import { longestOutage } from './judge.ts';
import { readAllResults, type RoundResult } from './results.ts';

const file = join(import.meta.dirname, '../../docs/failure-modes.md');
const modes = ['available', 'strict', 'off'] as const;

const headings: Readonly<Record<Family, string>> = {
  kill: 'Processes and hosts that die',
  freeze: 'Processes and hosts that freeze',
  partition: 'Networks that part',
  etcd: 'etcd',
  power: 'Power cuts',
  aimed: 'Deaths in the middle of something',
  operator: 'People',
  disk: 'Disks',
  clock: 'Clocks',
  sql: 'What clients and people do in SQL',
};

export function writeFailureModes(out: string): void {
  writeFileSync(file, failureModesText(readAllResults(out)));
}

/** `results`: the newest first. Of each fault and mode only those of the newest commit that has any count. */
export function failureModesText(results: readonly (RoundResult & { readonly commit: string })[]): string {
  const sections = families.flatMap((family) => {
    const members = faults.filter((fault) => fault.family === family);
    return members.length === 0 ? [] : [section(headings[family], members, results)];
  });
  const together = Math.max(1, ...results.map(({ parallel = 1 }) => parallel));
  return [
    '# Failure modes: what happens, and how long clients notice',
    '',
    'Written by `npm run chaos -- --docs` from real rounds: three etcd members and two PostgreSQL members, each on a host',
    '(network namespace) of its own, four writing clients, default timings. *Outage* is the longest time in which no client got',
    'an acknowledgement: the worst round measured, and in brackets what the round must not exceed. Data is on a tmpfs, so that',
    'syncing costs nothing; what disks cost is in `docs/benchmarks` and in the rounds on disks.',
    ...(together > 1 ? [`Up to ${together} rounds at a time shared the machine.`] : []),
    '',
    'Each fault is a test: `npm run chaos -- --fault NAME --mode MODE`. What must happen is written next to it, in',
    '`scripts/chaos/faults`.',
    '',
    ...sections,
  ].join('\n');
}

function section(
  heading: string,
  members: readonly Fault[],
  results: readonly (RoundResult & { readonly commit: string })[],
): string {
  return [
    `## ${heading}`,
    '',
    `| fault | what happens | leads afterwards | ${modes.map((mode) => `outage ms, \`${mode}\``).join(' | ')} | redundant ms | rounds |`,
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...members.map((fault) => line(fault, results)),
    '',
  ].join('\n');
}

function line(fault: Fault, results: readonly (RoundResult & { readonly commit: string })[]): string {
  const own = results.filter(({ observed }) => observed.fault === fault.name);
  const newest = modes.flatMap((mode) => {
    const ofMode = own.filter(({ observed }) => observed.mode === mode);
    return ofMode.filter(({ commit }) => commit === ofMode[0]?.commit);
  });
  const seen = newest.flatMap((round) => (round.kind === 'broken' ? [] : [round.observed]));
  const worst = (values: readonly number[]) => (values.length === 0 ? 'not run' : thousands(Math.max(...values)));
  const outage = (mode: (typeof modes)[number]): string => {
    if (fault.modes?.includes(mode) === false) return '';
    const ofMode = seen.filter((one) => one.mode === mode);
    const longest = inMode(mode, fault.expects.outage);
    const most =
      'msMax' in longest ? thousands(longestOutage(longest, 0)) : `healing + ${thousands(longest.msMaxAfterHealing)}`;
    return `${worst(ofMode.map(({ outageMs }) => outageMs))} (${most})`;
  };
  const passed = newest.filter(({ kind }) => kind === 'passed').length;
  const leaders = modes
    .filter((mode) => fault.modes?.includes(mode) !== false)
    .map((mode) => inMode(mode, fault.expects.leader));
  const leader = new Set(leaders).size === 1 ? (leaders[0] ?? '') : leaders.join(' / ');
  return `| \`${fault.name}\` | ${fault.says} | ${leader} | ${modes.map(outage).join(' | ')} | ${worst(seen.map(({ redundantMs }) => redundantMs))} | ${passed} of ${newest.length} |`;
}
