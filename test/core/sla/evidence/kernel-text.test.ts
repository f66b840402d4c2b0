import { describe, expect, test } from 'vitest';
import { kernelLine, kernelRecord } from '../../../../src/core/sla/evidence/kernel-text.ts';

const bootWall = Date.parse('2008-04-24T08:00:00.000Z');
const stretch = { from: bootWall + 100_000, to: bootWall + 200_000 };
const at = (sinceBootMs: number, text: string) => kernelLine({ sinceBootMs, text }, stretch, bootWall);

describe('of what the kernel says', () => {
  test.each([
    'Out of memory: Killed process 4711 (postgres) total-vm:1048576kB, anon-rss:524288kB',
    'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=postgres,pid=4711,uid=26',
    'blk_update_request: I/O error, dev sda, sector 2048 op 0x1:(WRITE)',
    'EXT4-fs (sda1): Remounting filesystem read-only',
    'INFO: task postgres:4711 blocked for more than 120 seconds.',
    'ata1.00: failed command: WRITE FPDMA QUEUED',
  ])('this is evidence: %s', (text) => {
    expect(at(150_000, text)).toBe(`2008-04-24T08:02:30.000Z ${text}`);
  });

  test.each(['usb 1-1: new high-speed USB device number 2', 'eth0: link becomes ready', 'audit: type=1400'])(
    'this is not: %s',
    (text) => {
      expect(at(150_000, text)).toBeNull();
    },
  );

  test('only what is of that time counts, with a second on either side', () => {
    const kept = [98_999, 99_000, 201_000, 201_001].map((ms) => at(ms, 'Out of memory') !== null);
    expect(kept).toEqual([false, true, true, false]);
  });

  test('a record is read without its continuation lines, and another shape is none', () => {
    expect(kernelRecord('4,1234,150000123,-;Out of memory: Killed process 1\n SUBSYSTEM=x\n')).toEqual({
      sinceBootMs: 150_000.123,
      text: 'Out of memory: Killed process 1',
    });
    expect(kernelRecord('half of a rec')).toBeNull();
  });
});
