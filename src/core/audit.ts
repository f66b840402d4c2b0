/** How an operator's request ended, kept under `audit/<id>` by the transaction that ended it. */
import type { OperatorRequest } from './cluster.ts';
import type { Write } from './transaction.ts';
import type { WallMs } from './units.ts';

export interface AuditEntry {
  readonly id: string;
  readonly kind: OperatorRequest['kind'];
  readonly by: string;
  readonly reason: string;
  readonly leader: string | null;
  readonly candidate: string;
  readonly requestedAt: string;
  readonly endedAt: string;
  readonly outcome: 'done' | 'refused' | 'rolled-back';
  /** Why it was refused or rolled back; null when it was done. */
  readonly problem: string | null;
}

export const auditKey = (id: string): string => `audit/${id}`;

export function auditEntry(
  request: OperatorRequest,
  outcome: AuditEntry['outcome'],
  problem: string | null,
  now: WallMs,
): AuditEntry {
  const { id, kind, by, reason, leader, candidate, requestedAt } = request;
  return {
    id,
    kind,
    by,
    reason,
    leader,
    candidate,
    requestedAt,
    endedAt: new Date(now).toISOString(),
    outcome,
    problem,
  };
}

export const writeAudit = (entry: AuditEntry): Write => ({
  op: 'put',
  key: auditKey(entry.id),
  value: JSON.stringify(entry),
});
