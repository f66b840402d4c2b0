/** docs/failure-modes.md, from the results of real rounds: new ones, and what docs/failure-modes.json has of earlier ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { thousands } from '../../src/core/sla/text-layout.ts';
import { type Family, families, type Fault, inMode } from './fault.ts';
import { faults } from './faults/all.ts';
import { longestOutage } from './judge.ts';
import { type Cell, cellsOf, cellsText, mergeCells, readCells } from './failure-cells.ts';
import { readAllResults } from './results.ts';

const docs = join(import.meta.dirname, '../../docs');
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
  const kept = join(docs, 'failure-modes.json');
  const cells = mergeCells(readCells(kept), cellsOf(readAllResults(out))).filter(({ fault }) => known.has(fault));
  writeFileSync(kept, cellsText(cells));
  writeFileSync(join(docs, 'failure-modes.md'), failureModesText(cells));
}

const known: ReadonlySet<string> = new Set(faults.map(({ name }) => name));

export function failureModesText(cells: readonly Cell[]): string {
  const sections = families.flatMap((family) => {
    const members = faults.filter((fault) => fault.family === family);
    return members.length === 0 ? [] : [section(headings[family], members, cells)];
  });
  const together = Math.max(1, ...cells.map(({ parallel }) => parallel));
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

function section(heading: string, members: readonly Fault[], cells: readonly Cell[]): string {
  return [
    `## ${heading}`,
    '',
    `| fault | what happens | leads afterwards | ${modes.map((mode) => `outage ms, \`${mode}\``).join(' | ')} | redundant ms | rounds |`,
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...members.map((fault) => line(fault, cells)),
    '',
  ].join('\n');
}

function line(fault: Fault, cells: readonly Cell[]): string {
  const own = cells.filter((cell) => cell.fault === fault.name);
  const worst = (values: readonly (number | null)[]) => {
    const seen = values.flatMap((value) => value ?? []);
    return seen.length === 0 ? 'not run' : thousands(Math.max(...seen));
  };
  const outage = (mode: (typeof modes)[number]): string => {
    if (fault.modes?.includes(mode) === false) return '';
    const longest = inMode(mode, fault.expects.outage);
    const most =
      'msMax' in longest ? thousands(longestOutage(longest, 0)) : `healing + ${thousands(longest.msMaxAfterHealing)}`;
    return `${worst(own.filter((cell) => cell.mode === mode).map(({ outageMsMax }) => outageMsMax))} (${most})`;
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const rounds = `${sum(own.map(({ passed }) => passed))} of ${sum(own.map((cell) => cell.rounds))}`;
  const leaders = modes
    .filter((mode) => fault.modes?.includes(mode) !== false)
    .map((mode) => inMode(mode, fault.expects.leader));
  const leader = new Set(leaders).size === 1 ? (leaders[0] ?? '') : leaders.join(' / ');
  const redundant = worst(own.map(({ redundantMsMax }) => redundantMsMax));
  return `| \`${fault.name}\` | ${fault.says} | ${leader} | ${modes.map(outage).join(' | ')} | ${redundant} | ${rounds} |`;
}
