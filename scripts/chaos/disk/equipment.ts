/**
 * What a member's host has besides an address: a disk of its own for PostgreSQL's data, another one that pg_wal can be
 * moved to, and a library by which its processes see a disk and a clock that are not well.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../../rig/owner.ts';
import type { Place } from '../../rig/place.ts';
import { Disk } from './disk.ts';
import { type CompiledHostFaults, HostFaults } from './host-faults.ts';

const realBinDir = '/usr/lib/postgresql/15/bin';

export class Equipment {
  readonly #owner: Owner;
  readonly #faults: HostFaults | string;
  #disks: { readonly data: Disk; readonly wal: Disk } | null = null;

  /** `directory` is made. Without the library there are disks, and their faults say why there are none. */
  constructor(compiled: CompiledHostFaults, directory: string, owner: Owner) {
    this.#owner = owner;
    this.#faults = 'problem' in compiled ? compiled.problem : new HostFaults(compiled.library, directory, realBinDir);
  }

  /** For the place that the host is. */
  get place(): Pick<Place, 'binDir' | 'env' | 'dataDir'> {
    const dataDir = (memberDirectory: string): string => {
      const data = new Disk(join(memberDirectory, 'disk'), this.#owner);
      const wal = new Disk(join(memberDirectory, 'wal-disk'), this.#owner);
      this.#disks = { data, wal };
      return join(data.directory, 'data');
    };
    if (typeof this.#faults === 'string') return { dataDir };
    const { binDir, env } = this.#faults;
    return { dataDir, binDir, env };
  }

  /** Throws where they cannot be had. */
  get faults(): HostFaults {
    if (typeof this.#faults === 'string') throw new Error(this.#faults);
    return this.#faults;
  }

  get dataDisk(): Disk {
    return this.#mounted().data;
  }

  get walDisk(): Disk {
    return this.#mounted().wal;
  }

  hasOwnWal(dataDir: string): boolean {
    return lstatSync(join(dataDir, 'pg_wal')).isSymbolicLink();
  }

  /** As people do it, while PostgreSQL is stopped. Does nothing when it was done before. */
  moveWal(dataDir: string): void {
    if (this.hasOwnWal(dataDir)) return;
    const inData = join(dataDir, 'pg_wal');
    const moved = join(this.walDisk.directory, 'pg_wal');
    rmSync(moved, { recursive: true, force: true }); // Of a copy that was replaced since.
    execFileSync('mv', [inData, moved]); // Keeps owners, from one file system to another.
    symlinkSync(moved, inData);
  }

  /** Once nothing runs there. */
  remove(): void {
    if (this.#disks === null) return;
    this.#disks.data.unmount();
    this.#disks.wal.unmount();
    this.#disks = null;
  }

  #mounted(): { readonly data: Disk; readonly wal: Disk } {
    if (this.#disks === null) throw new Error('this host has no disks: its member was never made');
    return this.#disks;
  }
}
