import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLedger } from '../../src/adapters/journal/ledger.ts';
import { ledgerDisk, type LedgerDisk } from '../../src/adapters/journal/ledger-disk.ts';
import { extractEntries } from '../../src/adapters/journal/ledger-extract.ts';
import { chainOrder, type LedgerRetention } from '../../src/core/ledger-segments.ts';
import { dayMs, type Ms, wallMs } from '../../src/core/units.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import { aLog } from './a-log.ts';

export const endless: LedgerRetention = { keepMs: 36_500 * dayMs, bytesMax: Number.MAX_SAFE_INTEGER };

/** A directory for a ledger with small segments, and what a test does to it. */
export class LedgerPlace implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'baton-ledger-'));
  nowMs = Date.parse('2008-04-24T08:15:00.000Z');

  open({ retention = endless, segmentBytes = 600, log = aLog(), disk = ledgerDisk } = {}): Promise<Ledger> {
    const clock = { wall: () => wallMs(this.nowMs) };
    return createLedger({ directory: this.directory, clock, log, retention, segmentBytes, disk });
  }

  later(by: Ms): void {
    this.nowMs += by;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Of the chain, in its order. */
  names(): readonly string[] {
    return chainOrder(readdirSync(this.directory));
  }

  /** The file in which the chain ends. */
  lastWritten(): string {
    return this.names().findLast((name) => statSync(this.path(name)).size > 0) ?? 'ledger.ndjson';
  }

  bytes(): number {
    return this.names().reduce((sum, name) => sum + statSync(this.path(name)).size, 0);
  }

  change(name: string, from: string, to: string): void {
    const text = readFileSync(this.path(name), 'utf8');
    if (!text.includes(from)) throw new Error(`${name} has no ${from} in it`);
    writeFileSync(this.path(name), text.replace(from, to));
  }

  all() {
    return extractEntries(this.directory, () => true);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export type DiskOperation = keyof LedgerDisk;

/** A disk on which `fails` decides of each operation whether it is done. */
export function aDisk(fails: (operation: DiskOperation) => boolean): LedgerDisk {
  const or =
    <A extends readonly unknown[], T>(operation: DiskOperation, work: (...parts: A) => Promise<T>) =>
    (...parts: A): Promise<T> =>
      fails(operation) ? Promise.reject(new Error(`EIO: ${operation}`)) : work(...parts);
  return {
    open: or('open', ledgerDisk.open),
    rename: or('rename', ledgerDisk.rename),
    remove: or('remove', ledgerDisk.remove),
    syncDirectory: or('syncDirectory', ledgerDisk.syncDirectory),
  };
}
