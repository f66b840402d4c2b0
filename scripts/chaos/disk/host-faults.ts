/**
 * Disk and clock of a host, as its processes see them: `host-faults.c` is loaded into them (LD_PRELOAD) and does what a
 * small file says. Needs no root, and touches nobody else. Batond and guardian obey the clock only, as if their own
 * directory were on another disk than PostgreSQL's; a program that is started by somebody else obeys nothing.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** What PostgreSQL's disk does wrong; what is left out works. */
export interface DiskFault {
  /** Every sync takes so long; `hangs`: until it is told otherwise. */
  readonly syncDelayMs?: number | 'hangs';
  /** Every sync fails, after its delay. */
  readonly syncError?: DiskError;
  /** Every write to a file that is open fails. */
  readonly writeError?: DiskError;
  /** So does opening one for writing, making, renaming or removing one. */
  readonly changeError?: DiskError;
  /** pg_wal is on another disk, and can be written. */
  readonly sparesWal?: boolean;
}
export type DiskError = 'EIO' | 'EROFS' | 'ENOSPC';

export type CompiledHostFaults = { readonly library: string } | { readonly problem: string };

/** 64-bit numbers, in the order of `struct faults`. */
type Field = (typeof fields)[number];
const fields = ['syncDelay', 'syncError', 'writeError', 'changeError', 'sparesWal', 'wallOffset'] as const;
const fieldBytes = 8;
const compileLimitMs = 30_000;
const source = join(import.meta.dirname, 'host-faults.c');

/** Makes the library, or says in words why it cannot be made here. */
export function compileHostFaults(directory: string): CompiledHostFaults {
  const library = join(directory, 'host-faults.so');
  const made = spawnSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source], {
    encoding: 'utf8',
    timeout: compileLimitMs,
  });
  if (made.status === 0) return { library };
  return { problem: `no C compiler made the library of disk and clock faults: ${made.error?.message ?? made.stderr}` };
}

export const hasCompiler = (): boolean => spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status === 0;

export class HostFaults {
  /** For PostgreSQL's programs: as the real one, but that `postgres` loads the library. */
  readonly binDir: string;
  /** For batond, who hands it on to its guardian. */
  readonly env: Readonly<Record<string, string>>;
  readonly #postgresFile: string;
  readonly #daemonFile: string;

  /** `directory` is made, and readable for everybody. */
  constructor(library: string, directory: string, realBinDir: string) {
    mkdirSync(directory, { mode: 0o755 });
    chmodSync(library, 0o755);
    this.#postgresFile = faultFile(join(directory, 'postgres.faults'));
    this.#daemonFile = faultFile(join(directory, 'daemon.faults'));
    this.env = { LD_PRELOAD: library, HOST_FAULTS: this.#daemonFile };
    this.binDir = join(directory, 'bin');
    makeBinDir(this.binDir, realBinDir, `LD_PRELOAD='${library}' HOST_FAULTS='${this.#postgresFile}'`);
  }

  disk({ syncDelayMs = 0, syncError, writeError, changeError, sparesWal = false }: DiskFault): void {
    set(this.#postgresFile, 'sparesWal', sparesWal ? 1 : 0);
    set(this.#postgresFile, 'syncDelay', syncDelayMs === 'hangs' ? -1 : syncDelayMs);
    set(this.#postgresFile, 'syncError', numberOf(syncError));
    set(this.#postgresFile, 'writeError', numberOf(writeError));
    set(this.#postgresFile, 'changeError', numberOf(changeError));
  }

  /** Steps the wall clock to so far from the true one, for batond, guardian and PostgreSQL; 0 is true. */
  clock(offsetMs: number): void {
    for (const file of [this.#postgresFile, this.#daemonFile]) set(file, 'wallOffset', offsetMs);
  }
}

function faultFile(path: string): string {
  writeFileSync(path, Buffer.alloc(fields.length * fieldBytes), { mode: 0o644 });
  return path;
}

/** One of the numbers, in one write: whoever has it mapped sees the old or the new one. */
function set(file: string, field: Field, value: number): void {
  const bytes = Buffer.alloc(fieldBytes);
  bytes.writeBigInt64LE(BigInt(value));
  const opened = openSync(file, 'r+');
  try {
    writeSync(opened, bytes, 0, fieldBytes, fields.indexOf(field) * fieldBytes);
  } finally {
    closeSync(opened);
  }
}

const numberOf = (error: DiskError | undefined): number => (error === undefined ? 0 : constants.errno[error]);

/** PostgreSQL's programs find each other, and their files, beside the real one: a link is looked through. */
function makeBinDir(binDir: string, realBinDir: string, environment: string): void {
  mkdirSync(binDir, { mode: 0o755 });
  for (const program of readdirSync(realBinDir))
    if (program !== 'postgres') symlinkSync(join(realBinDir, program), join(binDir, program));
  const wrapper = `#!/bin/sh\n${environment} exec '${join(realBinDir, 'postgres')}' "$@"\n`;
  writeFileSync(join(binDir, 'postgres'), wrapper, { mode: 0o755 });
}
