/**
 * What clients read, and that it never goes away: a later read on the same timeline or a newer one finds it again. A
 * primary that was succeeded may show what it always showed, until it is fenced (docs/safety.md, stale reads).
 */
import type { SimDirectory, WalRecord } from '../postgres/directory.ts';
import type { FakeServer } from '../postgres/fake-server.ts';

export class Reads {
  /** Up to where each run of a server shows its commits. One that waits for a standby is not shown. */
  readonly #shown = new Map<string, number>();
  /** The newest commit that anybody was shown, and on which timeline. */
  #newest: { readonly record: WalRecord; readonly timeline: number; readonly member: string } | null = null;

  /** Everything that recovery found is shown, whether it was acknowledged or not. */
  leftRecovery(server: FakeServer): void {
    this.#shown.set(server.runId, server.dir.flushed);
  }

  committed(server: FakeServer, { position }: WalRecord): void {
    this.#shown.set(server.runId, Math.max(this.#shown.get(server.runId) ?? 0, position + 1));
  }

  /** A client reads what there is. Returns what is missing of what was read before; null when nothing is. */
  read(server: FakeServer): string | null {
    const { dir, host } = server;
    const before = this.#newest;
    if (before !== null && dir.timeline >= before.timeline && dir.records[before.record.position] !== before.record)
      return `${host.name} on timeline ${dir.timeline} lacks ${before.record.id}, which ${before.member} showed on timeline ${before.timeline}`;
    const record = newestCommit(dir, this.#shown.get(server.runId) ?? 0);
    if (record === undefined || (before !== null && dir.timeline < before.timeline)) return null;
    if (before === null || dir.timeline > before.timeline || record.position > before.record.position)
      this.#newest = { record, timeline: dir.timeline, member: host.name };
    return null;
  }

  /** An operator accepted the loss of what this directory lacks. */
  forgive(dir: SimDirectory): void {
    if (this.#newest !== null && dir.records[this.#newest.record.position] !== this.#newest.record) this.#newest = null;
  }

  /** Where a loss is not ruled out, what was read may go with it. */
  lapse(): void {
    this.#newest = null;
  }
}

/** The newest that a client wrote among the first `count` records. */
function newestCommit({ records }: SimDirectory, count: number): WalRecord | undefined {
  let at = count - 1;
  while (at >= 0 && records[at]?.kind !== 'commit') at -= 1;
  return records[at];
}
