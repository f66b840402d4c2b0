/** Checkpoints of one server, and restartpoints of a standby: how far recovery goes back, and what WAL is kept. */
import type { Checkpointer } from './checkpointer.ts';
import type { FakeServer } from './fake-server.ts';
import type { Random } from '../clock/random.ts';

export class Checkpoints {
  readonly #server: FakeServer;
  readonly #checkpointer: Checkpointer;
  readonly #random: Random;

  constructor(server: FakeServer, checkpointer: Checkpointer, random: Random) {
    this.#server = server;
    this.#checkpointer = checkpointer;
    this.#random = random;
    this.#inAWhile();
  }

  /** An immediate one; `done` is not called when the server ends first. */
  now(done: () => void): void {
    this.#checkpointer.checkpoint(() => {
      if (this.#server.phase === 'primary') this.record(done);
    });
  }

  /** Also the last one, of a shutdown. */
  record(done: (count: number) => void): void {
    const server = this.#server;
    const record = server.insert('checkpoint', null);
    server.whenFlushed(() => {
      server.dir.checkpoint = { position: record.position, timeline: server.dir.timeline };
      this.#recycle();
      done(record.position + 1);
    });
  }

  /** At the newest checkpoint that was replayed. */
  restartpoint(): void {
    const { dir, replay } = this.#server;
    const at = dir.records.findLastIndex((each) => each.kind === 'checkpoint' && each.position < replay.count);
    const record = dir.records[at];
    if (record === undefined || at <= dir.checkpoint.position) return;
    dir.checkpoint = { position: at, timeline: record.timeline };
    this.#recycle();
  }

  /** checkpoint_timeout; shorter than anybody's, as a simulated life is. */
  #inAWhile(): void {
    this.#server.clock.timer(this.#random.between(10_000, 40_000), () => {
      if (this.#server.phase === 'primary') this.now(() => {});
      else if (this.#server.phase === 'standby') this.restartpoint();
      this.#inAWhile();
    });
  }

  #recycle(): void {
    const { dir, world, host, senders } = this.#server;
    const lost = dir.recycle();
    if (lost.length > 0) world.note(`${host.name}: WAL that slots kept is gone: ${lost.join(', ')}`);
    for (const sender of [...senders]) if (lost.includes(sender.slot)) sender.end();
  }
}
