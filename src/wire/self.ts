/** Reads another daemon's `/v1/self` (evidence E6). */
import { z } from 'zod';
import type { MonoMs } from '../core/units.ts';
import type { PeerReport } from '../core/view.ts';
import { copyField, lsnTextField, memberStateField, timelineField } from './fields.ts';
import { readValue } from './json-text.ts';

/** Fields that a newer daemon adds are ignored. */
const selfSchema = z.object({
  cluster: z.string(),
  member: z.string(),
  role: z.enum(['primary', 'standby', 'none']),
  state: memberStateField,
  timeline: timelineField.nullable(),
  lsn: lsnTextField.nullable(),
  copyId: copyField.nullable(),
  // Absent in the report of a daemon that does not know it yet.
  runId: z.string().max(64).nullable().default(null),
  planned: z.boolean(),
  etcd: z.enum(['never-read', 'reachable', 'unreachable']).optional(),
});

/**
 * `atMono`: when the answer arrived. Null for anything that is no report, and for one of another cluster or member than
 * `expected`: an address that now belongs to somebody else says nothing about the member it once was.
 */
export function parseSelf(
  report: unknown,
  atMono: MonoMs,
  expected?: { readonly cluster: string; readonly member: string },
): PeerReport | null {
  // What came of a probe that failed.
  if (report === null) return null;
  const parsed = readValue(selfSchema, report);
  if (!parsed.ok) return null;
  const { cluster, member, ...said } = parsed.value;
  if (expected !== undefined && (cluster !== expected.cluster || member !== expected.member)) return null;
  return { atMono, ...said };
}
