/** What `npm run chaos` was asked for. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../src/config/quantity.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Ms } from '../../src/core/units.ts';
import { families, type Fault } from './fault.ts';
import { faultsNamed } from './faults/all.ts';

export interface ChaosOptions {
  readonly faults: readonly Fault[];
  readonly rounds: number;
  readonly seed: number;
  readonly modes: readonly SyncMode[];
  readonly members: 2 | 3;
  /** Rounds at a time. */
  readonly parallel: number;
  /** Absolute. */
  readonly out: string;
  readonly resume: boolean;
  /** Write docs/failure-modes.md from the results afterwards. */
  readonly docs: boolean;
  /** Faults are left out, and nothing must happen for so long; null: rounds of faults. */
  readonly soakMs: Ms | null;
}

const modes: readonly SyncMode[] = ['available', 'strict', 'off'];

export function parseOptions(argv: readonly string[]): ChaosOptions {
  const command = new Command('chaos')
    .description(
      'Breaks real clusters, three etcd members and two or three PostgreSQL members, and says what came of it.',
    )
    .addOption(
      new Option('--fault <name...>', `a fault, a family (${families.join(' ')}), representative or all`).default([
        'all',
      ]),
    )
    .option('--rounds <count>', 'rounds of each fault in each mode', count, 1)
    .option('--seed <number>', 'of the first round; the next ones count up', count, 1 + Math.floor(Math.random() * 1e6))
    .addOption(new Option('--mode <mode>', 'synchronous.mode').choices([...modes, 'all']).default('available'))
    .addOption(new Option('--members <count>', 'PostgreSQL members').choices(['2', '3']).default('2'))
    .option('--parallel <count>', 'rounds at a time, each in an enclosure of its own', count, 1)
    .option('--out <directory>', 'results of each commit, and what failed rounds leave', 'chaos-out')
    .option('--resume', 'leave out rounds that passed on this commit', false)
    .option('--docs', 'write docs/failure-modes.md from the results', false)
    .option('--soak <duration>', 'instead: nothing is wrong and everything is hard for so long, like 60m', duration)
    .allowExcessArguments(false);
  const given = command.parse([...argv], { from: 'user' }).opts();
  return {
    faults: faultsNamed(given['fault']),
    rounds: given['rounds'],
    seed: given['seed'],
    modes: given['mode'] === 'all' ? modes : [given['mode']],
    members: given['members'] === '3' ? 3 : 2,
    parallel: given['parallel'],
    out: resolve(given['out']),
    resume: given['resume'],
    docs: given['docs'],
    soakMs: given['soak'] ?? null,
  };
}

/** Short; `+` behind it when files differ from it. */
export function commitNow(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', ':/src') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? '+' : ''}`;
}

function duration(text: string): Ms {
  const value = parseDuration(text);
  if (value === null || value === 0) throw new InvalidArgumentError('Write a duration, like 90s or 60m.');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Write a whole number from 1.');
  return value;
}
