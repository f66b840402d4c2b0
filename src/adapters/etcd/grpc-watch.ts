/** One raw watch stream on the cluster's prefix. It has no liveness of its own: `keepWatching` sees to that. */
import type { Etcd3, IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3';
import type { Revision } from '../../core/units.ts';
import { deadlineIn, hasLeader } from './access.ts';
import type { Watch, WatchEnd, WatchHandlers } from './endpoint.ts';
import { changesOf, prefixRange } from './messages.ts';

export function grpcWatch(client: Etcd3, prefix: string, from: Revision, handlers: WatchHandlers): Watch {
  let stream: IDuplexStream<IWatchRequest, IWatchResponse> | null = null;
  let over = false;

  const close = () => {
    over = true;
    // Ended before it is cancelled: the library takes the error of a writable stream for a failure of the host.
    stream?.end();
    stream?.cancel();
  };
  const end = (reason: WatchEnd) => {
    if (over) return;
    close();
    handlers.ended(reason);
  };
  const lost = (error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    if (!over && problem.includes('invalid auth token')) renewToken(client, prefix);
    // The prefix of whatever etcd itself answers; gRPC's own problems have none.
    end({ kind: 'lost', problem, byEtcd: problem.includes('etcdserver:') });
  };
  const received = (response: IWatchResponse) => {
    if (over) return;
    if (response.canceled) {
      const compacted = Number(response.compact_revision) > 0;
      end(
        compacted
          ? { kind: 'compacted' }
          : { kind: 'lost', problem: `cancelled by etcd: ${response.cancel_reason}`, byEtcd: true },
      );
    } else if (response.created) handlers.created();
    else handlers.changed(response.header.cluster_id, changesOf(prefix, response));
  };
  const begin = (opened: IDuplexStream<IWatchRequest, IWatchResponse>) => {
    stream = opened;
    opened.on('error', lost);
    opened.on('end', () => end({ kind: 'lost', problem: 'ended by etcd', byEtcd: false }));
    if (over) return close();
    opened.on('data', received);
    opened.write({ create_request: { ...prefixRange(prefix), start_revision: from } });
  };

  client.watchClient.watch({ interceptors: [hasLeader] }).then(begin, lost);
  return {
    askProgress: () => {
      if (!over) stream?.write({ progress_request: {} });
    },
    cancel: close,
  };
}

/** Streams keep using an expired token; the library asks for a new one only when a unary call is refused. */
function renewToken(client: Etcd3, prefix: string): void {
  client.kv
    .range({ key: Buffer.from(prefix), count_only: true, serializable: true }, { deadline: deadlineIn(1_000) })
    .catch(() => {}); // the watch is tried again whatever comes of it
}
