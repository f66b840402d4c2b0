import { describe, expect, test } from 'vitest';
import { commonVersion, fromGuardian, protocolVersions, toGuardian } from '../../src/wire/guardian-protocol.ts';
import { formatLine, LineCutter, lineLengthMax } from '../../src/wire/json-lines.ts';
import { readJson } from '../../src/wire/json-text.ts';

const command = {
  binary: '/usr/lib/postgresql/15/bin/postgres',
  args: ['-D', '/data'],
  dataDir: '/data',
  env: { LC_ALL: 'C' },
};
const exit = { atMono: 5.25, code: null, signal: 'SIGKILL', requested: false };

describe('what batond says', () => {
  const messages: readonly object[] = [
    { type: 'hello', protocols: [1], pid: 17 },
    {
      type: 'rules',
      rules: { ttlMs: 5_000, heartbeatMs: 250, marginMs: 500, orphanMs: 10_000, failsafeWindowMs: 1_500 },
    },
    { type: 'alive' },
    { type: 'start', as: 'primary', term: 42, command },
    { type: 'start', as: 'standby', term: null, command },
    { type: 'stop', mode: 'fast', limitMs: 30_000, reason: 'switchover' },
    { type: 'fence', reason: 'hung' },
    { type: 'lead', term: 42, backing: { kind: 'proved-commits', sentMono: 12.5, overdue: true } },
    { type: 'lead', term: 42, backing: { kind: 'nobody-eligible' } },
    { type: 'follow' },
  ];
  for (const message of messages) {
    test(`${formatLine(message).slice(0, 60).trim()} arrives as it was sent`, () => {
      expect(readJson(toGuardian, formatLine(message))).toEqual({ ok: true, value: message });
    });
  }
});

test('a batond and a guardian of before the cut-off rule are understood: nothing is overdue, and no reason is known', () => {
  const lead = formatLine({ type: 'lead', term: 42, backing: { kind: 'proved-commits', sentMono: 12.5 } });
  expect(readJson(toGuardian, lead)).toMatchObject({ ok: true, value: { backing: { overdue: false } } });
  const child = { kind: 'fencing', sinceMono: 12.5 };
  const status = formatLine({ type: 'status', status: { lease: { kind: 'none' }, child, terminating: false } });
  expect(readJson(fromGuardian, status)).toMatchObject({ ok: true, value: { status: { child: { why: null } } } });
});

describe('what the guardian says', () => {
  const messages: readonly object[] = [
    { type: 'hello', protocol: 1, pid: 18, startTicks: 123_456, dataDir: '/data' },
    { type: 'incompatible', protocols: [4, 3] },
    { type: 'alive' },
    { type: 'renewed', sentMono: 1.5, ttlMs: 5_000 },
    { type: 'refused', command: 'start', problem: 'no lease' },
    {
      type: 'status',
      status: {
        lease: { kind: 'held', leaseId: '9223372036854775807', ttlMs: 5_000, confirmedSentMono: 1 },
        child: { kind: 'exited', exit },
        terminating: false,
      },
    },
    {
      type: 'status',
      status: { lease: { kind: 'gone', leaseId: '1' }, child: { kind: 'none', lastExit: exit }, terminating: true },
    },
    {
      type: 'status',
      status: {
        lease: { kind: 'none' },
        child: { kind: 'running', pid: 5, startedMono: 1, startedAs: 'standby' },
        terminating: false,
      },
    },
  ];
  for (const message of messages) {
    test(`${formatLine(message).slice(0, 60).trim()} arrives as it was sent`, () => {
      expect(readJson(fromGuardian, formatLine(message))).toEqual({ ok: true, value: message });
    });
  }
});

describe('what is not understood is refused', () => {
  const lines: readonly string[] = [
    'nonsense',
    '{}',
    '{"type":"shoot"}',
    '{"type":"stop","mode":"gentle","limitMs":1,"reason":""}',
    '{"type":"lead","term":-1,"backing":{"kind":"lease-only"}}',
    '{"type":"start","as":"primary","term":1,"command":{"binary":"postgres","args":[],"dataDir":"/data","env":{}}}',
    '{"type":"rules","rules":{"ttlMs":0,"heartbeatMs":250,"marginMs":500,"orphanMs":1,"failsafeWindowMs":1}}',
  ];
  for (const line of lines)
    test(line, () => {
      expect(readJson(toGuardian, line).ok).toBe(false);
    });
});

test('two sides speak the newest version that both understand, or none', () => {
  expect(protocolVersions.length).toBeLessThanOrEqual(2);
  expect([commonVersion([2, 1]), commonVersion([1]), commonVersion([7, 8])]).toEqual([1, 1, null]);
});

test('lines are put together from chunks of any size', () => {
  const text = formatLine({ type: 'alive' }) + formatLine({ type: 'fence', reason: 'ünïcode' });
  for (const size of [1, 3, 7, text.length]) {
    const cutter = new LineCutter();
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += size) lines.push(...cutter.push(text.slice(at, at + size)));
    expect(lines).toEqual(text.trim().split('\n'));
  }
});

test('a line that is too long is refused, finished or not', () => {
  expect(() => new LineCutter().push('x'.repeat(lineLengthMax + 1))).toThrow(RangeError);
  expect(() => new LineCutter().push(`${'x'.repeat(lineLengthMax + 1)}\n`)).toThrow(RangeError);
  expect(new LineCutter().push(`${'x'.repeat(lineLengthMax)}\n`)).toHaveLength(1);
});
