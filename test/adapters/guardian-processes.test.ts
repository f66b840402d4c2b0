import { expect, test } from 'vitest';
import { GuardianProcesses } from '../../src/adapters/guardian/guardian-processes.ts';
import { type MonoMs, monoMs, second } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';

const nowMono = monoMs(1_000 * second);
const ago = (ms: number): MonoMs => monoMs(nowMono - ms);

const processes = new GuardianProcesses({
  clock: { mono: () => nowMono, boot: () => nowMono } as Clock,
  host: {} as ConstructorParameters<typeof GuardianProcesses>[0]['host'],
  program: {} as ConstructorParameters<typeof GuardianProcesses>[0]['program'],
  silentMs: 2 * second,
  startLimitMs: 10 * second,
  log: () => undefined,
});

const rows: readonly (readonly [says: string, ageMs: number, heardMs: number, overdue: boolean])[] = [
  ['began six seconds ago and has not answered yet: a busy host takes its time', 6_000, 6_000, false],
  ['began eleven seconds ago and never answered', 11_000, 11_000, true],
  ['has run for an hour and was heard of a second ago', 3_600_000, 1_000, false],
  ['has run for an hour and was heard of three seconds ago', 3_600_000, 3_000, true],
];

test.for(rows)('a guardian that %s', ([, ageMs, heardMs, overdue]) => {
  const living = { pid: 7, startTicks: ago(ageMs) / 10 };
  expect(processes.isOverdue(living, ago(heardMs))).toBe(overdue);
});
