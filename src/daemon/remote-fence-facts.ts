/** What the recorder is told of a remote fence, when its attempt has ended. Pure. */
import { predecessorOf } from '../core/cluster-queries.ts';
import type { RemoteFenceView } from '../core/remote-fence.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import { formatLsn, type MemberName, type MonoMs, type WallMs } from '../core/units.ts';
import type { View } from '../core/view.ts';

type Ended = Extract<RemoteFenceView, { kind: 'ended' }>;

export function remoteFenceFacts(
  before: View | null,
  view: View,
  at: { readonly atMono: MonoMs; readonly wall: WallMs },
): readonly RecorderFact[] {
  const { remoteFence: fence } = view.memory;
  const predecessor = view.coordinator.kind === 'read' ? predecessorOf(view.coordinator.state) : null;
  const was = before?.memory.remoteFence;
  if (fence.kind !== 'ended' || predecessor === null || (was?.kind === 'ended' && was.atMono === fence.atMono))
    return [];
  const says = saying(predecessor.member, fence);
  if (fence.outcome.kind !== 'fenced') return [{ kind: 'noted', ...at, says }];
  const { how, drained } = fence.outcome;
  const nothingLost = { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: says };
  return [
    { kind: 'old-primary-fenced', ...at, how: says },
    // Beside a promotion it comes after the proof that the old primary was harmless, which is t4 already.
    ...(predecessor.mayHaveMore ? [] : [{ kind: 'noted', ...at, says } as const]),
    ...(how === 'killed' && drained?.complete === true
      ? [{ kind: 'loss-known', ...at, loss: nothingLost } as const]
      : []),
  ];
}

function saying(member: MemberName, { outcome, tookMs }: Ended): string {
  switch (outcome.kind) {
    case 'fenced': {
      const what =
        outcome.how === 'killed'
          ? `every process of ${member}'s PostgreSQL was killed through itself, ${Math.round(tookMs)} ms after that was asked`
          : `${member}'s PostgreSQL could not be killed through itself; its clients were put out and none is let in`;
      if (outcome.drained === null) return what;
      const end = formatLsn(outcome.drained.upTo);
      return `${what}; ${outcome.drained.complete ? `all that it committed, up to ${end}, had arrived here` : `not all that it committed, up to ${end}, had arrived here`}`;
    }
    case 'another-server':
      return `${member} was not fenced remotely: ${outcome.why}`;
    case 'failed':
      return `${member} could not be fenced remotely: ${outcome.problem}`;
  }
}
