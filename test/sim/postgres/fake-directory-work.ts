/** initdb, pg_basebackup and pg_rewind: the long work on a stopped data directory. Interrupted, it leaves what they leave. */
import { slotName } from '../../../src/core/copy-name.ts';
import { ok } from '../../../src/core/result.ts';
import type { HistoryRow } from '../../../src/core/cluster.ts';
import type { CopyId, MemberName, Ms } from '../../../src/core/units.ts';
import type { Outcome, Rejoined, Upstream } from '../../../src/ports/postgres.ts';
import { countAt, SimDirectory } from './directory.ts';
import type { Disk } from '../hosts/disk.ts';
import type { FakeServer } from './fake-server.ts';
import { fail, type LocalPostgres } from './local-postgres.ts';
import { planFor } from './rejoin-facts.ts';
import type { ServerWorld } from './server-world.ts';

const answerLimitMs: Ms = 1_000;
const leaderLimitMs: Ms = 30_000;

export class DirectoryWork {
  readonly #member: MemberName;
  readonly #disk: Disk;
  readonly #local: LocalPostgres;

  constructor(member: MemberName, disk: Disk, local: LocalPostgres) {
    this.#member = member;
    this.#disk = disk;
    this.#local = local;
  }

  get #world(): ServerWorld {
    return this.#local.world;
  }

  async initialize(copyId: CopyId, signal: AbortSignal): Outcome<string> {
    if (this.#disk.data !== null) return fail('there is a data directory already', false);
    const went = await this.#takes(200, 900, signal);
    if (!went.ok) return went;
    const problem = await this.#local.written(this.#disk);
    if (problem !== null) return fail(`initdb: ${problem}`);
    const dir = new SimDirectory(String(7_000_000_000 + this.#world.nextUid()), this.#disk);
    dir.records.push({ timeline: 1, position: 0, uid: this.#world.nextUid(), kind: 'checkpoint', id: null });
    dir.flushed = 1;
    dir.copy = { member: this.#member, copyId };
    this.#disk.data = dir;
    return ok(dir.systemIdentifier);
  }

  async clone(from: Upstream, copyId: CopyId, signal: AbortSignal, progress: (text: string) => void): Outcome {
    if (this.#running()) return fail('postgres still runs', false);
    const begun = await this.#contact(from);
    if (begun === null) return fail(`${from.member} does not answer as a primary`);
    const slot = slotName(this.#member);
    if (begun.dir.slots.isLost(slot)) begun.dir.slots.create(slot, begun.dir.checkpoint.position);
    progress('copying');
    const went = await this.#takes(200, 2_500, signal);
    if (!went.ok) return went;
    const problem = await this.#local.written(this.#disk);
    if (problem !== null) return fail(`pg_basebackup: ${problem}`);
    const leader = await this.#contact(from);
    if (leader !== begun) return fail(`the connection to ${from.member} was lost`);
    const dir = new SimDirectory(leader.dir.systemIdentifier, this.#disk);
    dir.walFrom = leader.dir.checkpoint.position;
    dir.records = leader.dir.records.slice(0, leader.dir.flushed);
    dir.flushed = dir.records.length;
    dir.timeline = leader.dir.timeline;
    for (const [number, content] of leader.dir.histories) dir.histories.set(number, content);
    dir.checkpoint = { ...leader.dir.checkpoint };
    dir.consistentAt = dir.flushed;
    dir.state = 'in production';
    dir.standbySignal = true;
    dir.copy = { member: this.#member, copyId };
    if (this.#disk.data !== null) this.#disk.replaced.push(this.#disk.data);
    // Two renames: between them there is no data directory.
    this.#disk.data = null;
    await this.#local.batond.clock.sleep(this.#local.random.between(0.01, 1));
    this.#disk.data = dir;
    return ok(undefined);
  }

  /** What is done is planned by the production's own rules; only the facts are the simulation's. */
  async rejoin(
    from: Upstream,
    rows: readonly HistoryRow[],
    copyId: CopyId,
    signal: AbortSignal,
    progress: (text: string) => void,
  ): Outcome<Rejoined> {
    const own = this.#disk.data;
    if (own === null) return fail('there is no data directory', false);
    if (this.#running()) return fail('postgres still runs', false);
    const end = this.#local.batond.clock.mono() + leaderLimitMs;
    for (;;) {
      const leader = await this.#contact(from);
      if (leader === null) return fail(`${from.member} does not answer as a primary`);
      const { plan, fork } = planFor(own, leader.dir, rows);
      if (plan.kind === 'wait') {
        if (this.#local.batond.clock.mono() > end) return fail(plan.why);
        const went = await this.#local.pause(50, signal);
        if (!went.ok) return went;
        continue;
      }
      if (plan.kind === 'refuse') return fail(plan.why, false);
      if (plan.kind === 'follow') {
        own.copy ??= { member: this.#member, copyId };
        own.standbySignal = true;
        return ok({ how: 'followed', kept: null });
      }
      if (plan.kind === 'rewind' && fork !== null) {
        const rewound = await this.#rewind(own, from, leader, fork.timeline, countAt(plan.forkLsn), copyId, signal);
        if (rewound) return ok({ how: 'rewound', kept: 'what diverged' });
        if (signal.aborted) return fail('aborted');
      }
      const cloned = await this.clone(from, copyId, signal, progress);
      return cloned.ok ? ok({ how: 'cloned', kept: null }) : cloned;
    }
  }

  /** The marker stays when it is interrupted, so that nobody starts what is half of one copy and half of another. */
  async #rewind(
    own: SimDirectory,
    from: Upstream,
    leader: FakeServer,
    timeline: number,
    count: number,
    copyId: CopyId,
    signal: AbortSignal,
  ): Promise<boolean> {
    if ((await this.#local.written(this.#disk)) !== null) return false;
    own.unstartable = 'a rewind was interrupted';
    own.standbySignal = false;
    const went = await this.#takes(100, 1_200, signal);
    if (!went.ok || this.#disk.circumstances.rewindFails || (await this.#contact(from)) !== leader) return false;
    if ((await this.#local.written(this.#disk)) !== null) return false;
    // It reads its own WAL from the last checkpoint before the fork on, and the leader's from the fork on.
    const common = own.records.findLastIndex(({ kind, position }) => kind === 'checkpoint' && position < count);
    if (own.walFrom > common || leader.dir.walFrom > count) return false;
    own.records.length = Math.min(own.records.length, count);
    own.flushed = own.records.length;
    own.timeline = timeline;
    own.histories.clear();
    for (const [number, content] of leader.dir.histories) own.histories.set(number, content);
    own.checkpoint = { position: common, timeline };
    own.minRecoveryEnd = 0;
    own.consistentAt = leader.dir.flushed;
    own.state = 'in archive recovery';
    own.copy = { member: this.#member, copyId };
    own.slots.clear();
    own.standbySignal = true;
    own.unstartable = null;
    return true;
  }

  #running(): boolean {
    const server = this.#local.server();
    return server !== null && server.phase !== 'gone';
  }

  #takes(minMs: Ms, maxMs: Ms, signal: AbortSignal) {
    return this.#local.pause(this.#local.random.between(minMs, maxMs), signal);
  }

  /** A session on the leader; null when it cannot be had, or what answers is no primary. */
  #contact(from: Upstream): Promise<FakeServer | null> {
    const { network } = this.#world;
    const near = this.#world.host(this.#member);
    const far = this.#world.host(from.host);
    return new Promise((resolve) => {
      const cancel = this.#local.batond.clock.timer(answerLimitMs, () => resolve(null));
      network.packet(near, far, () => {
        const server = this.#world.listening(from.host);
        const answer = (found: FakeServer | null) =>
          network.packet(far, near, () =>
            this.#local.batond.run(() => {
              cancel();
              resolve(found);
            }),
          );
        if (server === null) answer(null);
        else
          server.accept(true, (admission) =>
            answer(admission === 'served' && server.phase === 'primary' ? server : null),
          );
      });
    });
  }
}
