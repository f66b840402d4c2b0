/** On what a bench ran: numbers mean nothing without it. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryMiB: number;
  readonly kernel: string;
  /** Load of the last minute when the bench began: others may have used the machine too. */
  readonly loadBefore: number;
  readonly node: string;
  readonly postgres: string;
  readonly etcd: string;
}

export function lookAtMachine(binDir: string): Machine {
  const firstLine = (command: string, argument: string) =>
    execFileSync(command, [argument], { encoding: 'utf8', timeout: 10_000 }).split('\n', 1)[0] ?? '';
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    node: process.version,
    postgres: firstLine(`${binDir}/postgres`, '--version'),
    etcd: firstLine('etcd', '--version'),
  };
}

export const machineText = ({
  cores,
  processor,
  memoryMiB,
  kernel,
  loadBefore,
  node,
  postgres,
  etcd,
}: Machine): string =>
  `${cores} cores (${processor}), ${memoryMiB} MiB, Linux ${kernel}, Node ${node}, ${postgres}, ${etcd}, load before ${loadBefore}`;
