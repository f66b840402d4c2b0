/** What a member knew of replication at one moment, from the view that it decided on. */
import { formatLsn } from '../../units.ts';
import type { View } from '../../view.ts';

/** Nothing when its PostgreSQL did not answer then. */
export function replicationLines({ postgres }: View): readonly string[] {
  if (postgres.kind === 'primary') {
    const waits = postgres.waitsForNobody ? 'a standby that nobody is' : postgres.waitsFor.join(', ');
    return [
      `primary at ${formatLsn(postgres.currentLsn)} on timeline ${postgres.timeline}; commits wait for ${waits === '' ? 'nobody' : waits}`,
      ...postgres.walsenders.map(
        ({ applicationName, state, syncState, flushLsn, replayLsn }) =>
          `${applicationName}: ${state}, ${syncState}, flushed ${lsnText(flushLsn)}, replayed ${lsnText(replayLsn)}`,
      ),
    ];
  }
  if (postgres.kind !== 'standby') return [];
  return [
    `standby on timeline ${postgres.timeline}, received ${formatLsn(postgres.receivedLsn)}, replayed ${formatLsn(postgres.replayLsn)}, streaming from ${postgres.streamingFrom ?? 'nobody'}`,
  ];
}

const lsnText = (lsn: Parameters<typeof formatLsn>[0] | null): string => (lsn === null ? 'nothing' : formatLsn(lsn));
