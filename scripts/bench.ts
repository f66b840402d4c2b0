/**
 * `npm run bench`: repeats faults on a cluster of this machine while clients write, and prints what clients saw of them:
 * least, median and most, with the phases of the daemons' own record. Exits with 1 if a write was lost, the nodes
 * differed, a round failed or a target was missed. To add a fault: scripts/rig/faults.ts.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { accountOf, failuresOf } from './bench/account.ts';
import { benchCost } from './bench/cost.ts';
import { lookAtMachine, machineText } from './bench/machine.ts';
import { benchOverhead } from './bench/overhead.ts';
import { accountMarkdown, accountText } from './bench/render.ts';
import { repeat } from './bench/repeat.ts';
import { benchSideBySide } from './bench/side-by-side/bench.ts';
import { asksForSystems } from './bench/side-by-side/options.ts';
import { benchScale } from './bench/scale.ts';
import { benchSla } from './bench/sla.ts';
import { type Fault, faultNamed, faults } from './rig/faults.ts';
import { startProgress } from './rig/progress.ts';

interface Options {
  readonly fault: readonly string[];
  readonly runs: number;
  readonly writers: number;
  readonly mode: 'available' | 'strict' | 'off';
  readonly json?: string;
  readonly out?: string;
  readonly keepFiles?: true;
  readonly sla?: true;
  readonly cost?: true;
  readonly overhead?: true;
  readonly scale?: readonly number[];
}

const argv = process.argv.slice(2);
if (asksForSystems(argv)) {
  const code = await benchSideBySide(import.meta.filename, argv).catch((error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
  process.exit(code);
}

const binDir = '/usr/lib/postgresql/15/bin';
const names = faults.map(({ name }) => name);
const command = new Command('bench')
  .description('Measures what faults cost the clients of a cluster: 3 etcd members, 2 PostgreSQL nodes.')
  .addOption(
    new Option('--fault <name...>', `what to repeat; may be given more than once`)
      .choices([...names, 'all'])
      .default(['all']),
  )
  .option('--runs <count>', 'rounds of each fault that count, after one that does not', count, 10)
  .option('--writers <count>', 'clients that write through the fault', count, 1)
  .addOption(
    new Option('--mode <mode>', 'synchronous.mode; targets hold for available')
      .choices(['available', 'strict', 'off'])
      .default('available'),
  )
  .option('--json <file>', 'write every round and the statistics there')
  .option('--out <directory>', 'write MODE.md and MODE.json there (docs/benchmarks)')
  .option('--sla', 'instead: what the accounting of a year of outages costs')
  .option('--cost', 'instead: what batond and guardian cost while nothing happens')
  .option('--overhead', 'instead: what Baton costs pgbench, in as many pairs of runs as --runs says')
  .option(
    '--scale <clusters>',
    'instead: what so many clusters on one etcd cost (1,10,50,100), --runs rounds each',
    sizes,
  )
  .option('--keep-files', 'leave logs and data of the cluster behind')
  .addHelpText('after', '\nSide by side with other failover managers: --all, or --sut NAME; see --all --help.')
  .allowExcessArguments(false);
const {
  fault: asked,
  runs,
  writers,
  mode,
  json,
  out,
  keepFiles = false,
  sla = false,
  cost = false,
  overhead = false,
  scale,
} = command.parse().opts<Options>();
const chosen: readonly Fault[] = asked.includes('all') ? faults : [...new Set(asked)].map(faultNamed);

try {
  if (sla) process.exitCode = benchSla() ? 0 : 1;
  else if (cost) process.exitCode = (await benchCost(binDir, out)) ? 0 : 1;
  else if (overhead) process.exitCode = (await benchOverhead(binDir, runs, out)) ? 0 : 1;
  else if (scale !== undefined) process.exitCode = (await benchScale(binDir, scale, runs, out)) ? 0 : 1;
  else await bench();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function bench(): Promise<void> {
  const at = new Date().toISOString();
  const machine = lookAtMachine(binDir);
  const say = startProgress((line) => void process.stderr.write(line));
  const { records, missingLater } = await repeat(
    { faults: chosen, runs, writers, mode, keepDirectory: keepFiles },
    say,
  );
  const accounts = chosen.map((fault) => accountOf(fault, records, mode));
  const failures = [
    ...failuresOf(accounts),
    ...(missingLater > 0 ? [`${missingLater} ACKNOWLEDGED WRITES WERE LOST by a later round`] : []),
  ];
  const conditions = `${machineText(machine)}; ${writers} writing ${writers === 1 ? 'client' : 'clients'}`;
  process.stdout.write(`${accounts.map((account) => accountText(account, mode)).join('\n\n')}\n\n${conditions}\n`);
  process.stdout.write(failures.length === 0 ? 'All targets kept, nothing lost.\n' : `${failures.join('\n')}\n`);

  const document = `${JSON.stringify({ v: 1, at, mode, runs, writers, machine, accounts, failures, rounds: records }, null, 2)}\n`;
  if (json !== undefined) writeFileSync(json, document);
  if (out !== undefined) {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, `${mode}.json`), document);
    const again = `npm run bench -- ${asked.map((name) => `--fault ${name}`).join(' ')} --runs ${runs} --writers ${writers} --mode ${mode} --out ${out}`;
    writeFileSync(
      join(out, `${mode}.md`),
      [
        `# What faults cost in mode \`${mode}\``,
        '',
        `${at}. ${conditions}. Times in ms.`,
        '',
        `    ${again}`,
        '',
        ...accounts.map((account) => `${accountMarkdown(account)}\n`),
      ].join('\n'),
    );
  }
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new InvalidArgumentError('Write a number from 1 to 1000.');
  return value;
}

function sizes(text: string): readonly number[] {
  const values = text.split(',').map(count);
  if (values.some((value, at) => value <= (values[at - 1] ?? 0)))
    throw new InvalidArgumentError('Write the numbers from the least to the greatest: 1,10,50.');
  return values;
}
