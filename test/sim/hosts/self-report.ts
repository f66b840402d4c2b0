/** What a simulated batond answers on `/v1/self`, from its newest view; checked against the schema that reads it. */
import type { DaemonFace } from '../../../src/ports/daemon-face.ts';
import { formatLsn } from '../../../src/core/units.ts';

export function selfReport(face: DaemonFace, member: string): unknown {
  const latest = face.latest();
  const common = { cluster: face.cluster, member };
  if (latest === null)
    return { ...common, role: 'none', state: 'starting', timeline: null, lsn: null, copyId: null, planned: false };
  const { postgres, operation } = latest.view;
  const planned = operation.kind === 'busy' && operation.spec.kind === 'stop' && operation.spec.mode === 'fast';
  switch (postgres.kind) {
    case 'primary':
      return {
        ...common,
        role: 'primary',
        state: 'running',
        timeline: postgres.timeline,
        lsn: formatLsn(postgres.currentLsn),
        copyId: postgres.copyId,
        runId: postgres.runId,
        planned,
      };
    case 'standby': {
      const state = postgres.streamingFrom === null ? 'running' : 'streaming';
      return {
        ...common,
        role: 'standby',
        state,
        timeline: postgres.timeline,
        lsn: formatLsn(postgres.receivedLsn),
        copyId: postgres.copyId,
        runId: postgres.runId,
        planned,
      };
    }
    case 'stopped':
      return {
        ...common,
        role: 'none',
        state: 'stopped',
        timeline: postgres.data.timeline,
        lsn: formatLsn(postgres.data.lsn),
        copyId: postgres.data.copyId,
        planned,
      };
    default:
      return { ...common, role: 'none', state: 'starting', timeline: null, lsn: null, copyId: null, planned };
  }
}
