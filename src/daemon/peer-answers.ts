/** What the answers of another member add up to. */
import type { MonoMs } from '../core/units.ts';
import type { PeerReport, ProbeOutcome, ProbeView } from '../core/view.ts';

/** The newest answer of one probe, and for how long and how often the answers have been of that kind. */
export function nextProbe(before: ProbeView | null, outcome: ProbeOutcome, atMono: MonoMs): ProbeView {
  if (before === null || before.outcome !== outcome) return { outcome, atMono, sinceMono: atMono, count: 1 };
  return { outcome, atMono, sinceMono: before.sinceMono, count: before.count + 1 };
}

/**
 * A server that starts has no position to tell, and one that ended one that is far behind its end: what was told last still
 * bounds how far it was.
 */
export function withLastPosition(report: PeerReport, before: PeerReport | null): PeerReport {
  if (before === null || before.lsn === null) return report;
  const ended = report.role === 'none' && report.copyId === before.copyId;
  const behind = report.lsn === null || (ended && report.lsn < before.lsn);
  return behind ? { ...report, lsn: before.lsn, timeline: before.timeline } : report;
}
