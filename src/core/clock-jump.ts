/** A wall clock that jumped under a leader (I8). */
import { backing } from './backing.ts';
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import type { Decision } from './decision.ts';
import type { PrimaryView } from './postgres-view.ts';
import type { Ms } from './units.ts';
import type { View } from './view.ts';

/** How long a leader has, after its wall clock jumped, to show that it leads still. */
const confirmLimitMs: Ms = 500;

/**
 * I8: a wall clock that jumps is doubt, not proof. The machine may have been stopped in a way that its monotonic clock
 * does not count, so whatever backs the leadership has to be newer than the jump: the key read from etcd, a commit that
 * every named standby has, or that nobody else is eligible (ADR 11).
 */
export function clockJumpUnconfirmed(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  const jumpedMono = view.memory.wallJumpedMono;
  if (jumpedMono === null || view.nowMono - jumpedMono < confirmLimitMs) return null;
  const readMono = view.coordinator.kind === 'read' ? view.coordinator.confirmedMono : null;
  const provedMono = primary.probe.provedSentMono;
  const by = backing(view, state).kind;
  const confirmed =
    by === 'nobody-eligible' ||
    (readMono !== null && readMono >= jumpedMono) ||
    (by === 'proved-commits' && provedMono !== null && provedMono >= jumpedMono);
  if (confirmed) return null;
  return because(
    'fence-clock-jump',
    `the wall clock jumped, and ${confirmLimitMs} ms later neither etcd nor a standby has confirmed that this member leads`,
    { kind: 'fence', reason: 'the wall clock jumped' },
  );
}
