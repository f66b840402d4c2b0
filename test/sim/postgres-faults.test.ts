/** What one fault of PostgreSQL or of its disk costs clients, and whether the leadership moves. */
import { describe, expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Ms } from '../../src/core/units.ts';
import type { Planned } from './faults/plan.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { Random } from './clock/random.ts';
import { type SimResult, simulate } from './simulate.ts';
import type { World } from './world.ts';

const faultMs: Ms = 12_000;

const replay = ({ violations, events }: SimResult) =>
  `${violations.map(({ invariant, detail }) => `${invariant}: ${detail}`).join('\n')}\n${events.slice(-40).join('\n')}`;

/** On the primary, a second after the cluster is up. */
function life(kind: FaultKind, mode: SyncMode, drawnFrom: number): Promise<SimResult> {
  const faults = (world: World): readonly Planned[] => {
    const [primary] = world.primaries();
    if (primary === undefined) return [];
    const fault = aFault(kind, () => primary, new Random(drawnFrom));
    return [{ kind, atMs: 1_000, forMs: faultMs, fault }];
  };
  return simulate({ seed: 7, mode, durationMs: 18_000, faults });
}

/** What 'disk-full' draws from it. */
const fullOf = { data: 1, everywhere: 2 } as const;

describe('one fault in mode available', () => {
  const cases: readonly (readonly [
    says: string,
    kind: FaultKind,
    outageMsMax: Ms,
    moves: boolean,
    drawnFrom: number,
  ])[] = [
    ['a killed backend ends the server, and is failed over like a killed postmaster', 'kill-backend', 500, true, 1],
    ['a postmaster that hangs while its backends go on is noticed, in its time', 'freeze-postmaster', 8_000, true, 1],
    ['a disk that hangs is noticed by the commits, though whoever asks is answered', 'disk-hung', 3_000, true, 1],
    ['a disk that fails ends the server', 'disk-failing', 500, true, 1],
    ['a disk that turns read-only ends the server', 'disk-read-only', 500, true, 1],
    ['a mount that turns read-only serves nobody new', 'disk-read-only', 3_000, true, 1_500_000_000],
    ['a lost disk is succeeded, and filled again', 'disk-lost', 2_500, true, 1],
    ['a full pg_wal ends the server, and the standby has room', 'disk-full', 500, true, fullOf.everywhere],
    ['a full data directory is an error for clients and no failover', 'disk-full', faultMs + 2_000, false, fullOf.data],
    ['a backend that hangs is not taken for a server that does', 'freeze-backend', 2_000, false, 1],
    ['clients that take every connection are no failover', 'exhaust-connections', faultMs, false, 1],
    ['cancelled waits are no failover', 'cancel-waits', 500, false, 1],
    ['a standby that somebody promotes by hand is fenced, and comes back', 'promote-by-hand', 2_500, false, 1],
  ];
  test.each(cases)('%s', async (_says, kind, outageMsMax, moves, drawnFrom) => {
    const result = await life(kind, 'available', drawnFrom);
    expect(result.violations, replay(result)).toEqual([]);
    expect(result.acknowledgedBy.length > 1, replay(result)).toBe(moves);
    expect(result.outageMs, replay(result)).toBeLessThanOrEqual(outageMsMax);
  });
});

test('a disk that could not be read is looked at again: the member comes back once it can be', async () => {
  for (const mode of ['available', 'off'] as const) {
    const result = await life('disk-failing', mode, 1);
    expect(result.violations, replay(result)).toEqual([]);
  }
});
