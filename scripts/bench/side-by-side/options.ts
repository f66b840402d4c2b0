/** What `npm run bench -- --sut NAME` was asked for. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../../src/config/quantity.ts';
import { systems } from '../systems/all.ts';
import { systemNames, type SystemUnderTest } from '../systems/system.ts';
import { type Fault, faults } from './faults.ts';
import type { Cell } from './results.ts';

export interface SideBySideOptions {
  readonly systems: readonly SystemUnderTest[];
  readonly faults: readonly Fault[];
  readonly runs: number;
  readonly peerRuns: number;
  readonly rttMs: number;
  /** Absolute names. */
  readonly out: string;
  readonly resume: string | null;
  /** Inside an enclosure: the one round to play. */
  readonly round: Cell | null;
}

/** Whether the arguments ask for systems side by side. */
export const asksForSystems = (argv: readonly string[]): boolean =>
  argv.some((argument) => argument === '--all' || argument === '--sut' || argument.startsWith('--sut='));

export function parseSideBySide(argv: readonly string[]): SideBySideOptions {
  const names = faults.map(({ name }) => name);
  const command = new Command('bench')
    .description('Measures the same faults on Baton and on its peers, each on hosts of its own, in turns.')
    .addOption(
      new Option('--sut <name...>', `systems: ${systemNames.join(' ')}; may be a list with commas`).default([]),
    )
    .option('--all', 'every system', false)
    .addOption(new Option('--setting <name>', 'of the systems').choices(['default', 'tuned', 'all']).default('all'))
    .option('--fault <name...>', `faults: ${names.join(' ')}; all of them by default`)
    .option('--runs <count>', 'rounds of each fault for Baton', count, 20)
    .option('--peer-runs <count>', 'rounds of each fault for each setting of a peer', count, 3)
    .option('--rtt <duration>', 'the two nodes are so far apart, like 10ms', duration, 0)
    .option('--out <directory>', 'peers.md, peers.json and peers.svg go there', 'bench-out')
    .option('--resume <file>', 'go on with what is in this peers.json; the results go there too')
    .addOption(new Option('--round <json>').hideHelp())
    .allowExcessArguments(false);
  const given = command.parse([...argv], { from: 'user' }).opts();
  const wanted = given['all'] === true ? [...systemNames] : split(given['sut']);
  const setting: string = given['setting'];
  return {
    systems: named(wanted, systemNames, 'system').flatMap((name) =>
      systems.filter(
        (system) => system.name === name && (setting === 'all' || system.setting === setting || isOnlySetting(name)),
      ),
    ),
    faults: named(split(given['fault'] ?? names), names, 'fault').flatMap((name) =>
      faults.filter((fault) => fault.name === name),
    ),
    ...{ runs: given['runs'], peerRuns: given['peerRuns'], rttMs: given['rtt'] },
    out: resolve(given['out']),
    resume: given['resume'] === undefined ? null : resolve(given['resume']),
    round: given['round'] === undefined ? null : (JSON.parse(given['round']) as Cell),
  };
}

const isOnlySetting = (name: string): boolean => systems.filter((system) => system.name === name).length === 1;

const split = (values: readonly string[]): readonly string[] => values.flatMap((value) => value.split(','));

function named(asked: readonly string[], known: readonly string[], what: string): readonly string[] {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no ${what} ${unknown.join(', ')}; there are: ${known.join(' ')}`);
  return [...new Set(asked)];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new InvalidArgumentError('Write a number from 1 to 1000.');
  return value;
}

function duration(text: string): number {
  const value = parseDuration(text);
  if (value === null) throw new InvalidArgumentError('Write a duration, like 10ms.');
  return value;
}
