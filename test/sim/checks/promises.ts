/**
 * What a server's acknowledgements promise: what the mode promised in which its member led last. A mode that the next
 * leader brings in is told to nobody who does not lead any more, and promises nothing of what is acknowledged there.
 */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Member } from '../hosts/member.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { SyncContent } from './invariants.ts';

export class Promises {
  /** The mode that was in force when each run of a server was last the leader's. */
  readonly #ledIn = new Map<string, SyncMode>();
  #looked: { readonly sync: SyncContent; readonly runId: string } | null = null;

  /** To be asked after every event. */
  look(members: readonly Member[], sync: SyncContent | null): void {
    if (sync === null) return;
    const runId = members.find(({ name }) => name === sync.leader)?.running?.runId;
    if (runId === undefined || (this.#looked?.sync === sync && this.#looked.runId === runId)) return;
    this.#looked = { sync, runId };
    this.#ledIn.set(runId, sync.mode);
  }

  /** Null before there is a mode. Where nobody ever led by a server, the mode in force rules. */
  of({ host, runId }: FakeServer, sync: SyncContent | null): SyncMode | null {
    const leads = sync?.leader === host.name;
    return (leads ? null : this.#ledIn.get(runId)) ?? sync?.mode ?? null;
  }
}
