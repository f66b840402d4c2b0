/** etcd knows no cluster of this name: one member without data creates it. */
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import { initializeFailedMono } from './decide-leader.ts';
import type { Decision } from './decision.ts';
import { winBootstrap } from './transactions.ts';
import type { LeaseId, Ms } from './units.ts';
import type { View } from './view.ts';

/** After a failed initdb the others have the right to create the cluster for so long. */
const bootstrapPauseMs: Ms = 5_000;

export function createCluster(view: View, state: ClusterState, lease: LeaseId): Decision {
  const pg = view.postgres;
  if (pg.kind === 'absent') {
    const failedMono = initializeFailedMono(view);
    if (failedMono !== null && view.nowMono - failedMono < bootstrapPauseMs) {
      return because('await-leader', 'initdb failed here a moment ago: another member may create the cluster');
    }
    return because('win-bootstrap', 'etcd knows no cluster and there is no data here: one member creates it', {
      kind: 'commit',
      purpose: 'win-bootstrap',
      txn: winBootstrap(state, view.self.name, lease),
    });
  }
  if (pg.kind === 'stopped' && pg.data.copyId !== null && pg.data.copyId === view.memory.initializedCopyId) {
    return because('win-bootstrap', 'initdb was done here before the cluster became known', {
      kind: 'commit',
      purpose: 'win-bootstrap',
      txn: winBootstrap(state, view.self.name, lease),
    });
  }
  const what =
    pg.kind === 'stopped'
      ? `data of system ${pg.data.systemIdentifier}`
      : pg.kind === 'unusable'
        ? pg.problem
        : 'a running PostgreSQL';
  return because(
    'hold-foreign-data',
    `etcd knows no cluster under this name, but here is ${what}. Nothing is touched: restore etcd's keys, or move the directory away`,
  );
}
