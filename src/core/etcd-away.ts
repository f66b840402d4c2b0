/** Whether etcd is away for everybody, as far as a member can see, or only for itself. */
import { elapsed, type MonoMs, type Ms, second } from './units.ts';
import type { View } from './view.ts';

/** Daemons are asked each second. An older answer says nothing about now. */
const freshMs: Ms = 5 * second;

/** Since when; null while it answers here, or a daemon that does answer says that it reads etcd. */
export function etcdAwaySince({ coordinator, peers, nowMono }: View): MonoMs | null {
  const since = coordinator.kind === 'read' ? coordinator.unreachableSinceMono : null;
  const reached = [...peers.values()].some(
    ({ report }) => report?.etcd === 'reachable' && elapsed(report.atMono, nowMono) < freshMs,
  );
  return reached ? null : since;
}
