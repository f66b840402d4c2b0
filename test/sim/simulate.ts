/**
 * One simulated life of a cluster: it comes up, things go wrong, it heals, and must be whole again soon. Safety is
 * checked after every event. The same options give the same life, event for event.
 */
import { incidentsOn } from './hosts/fake-ledger.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import { monoMs, type Ms } from '../../src/core/units.ts';
import { type DrawnFault, healAll, type Planned, planFaults } from './faults/plan.ts';
import { Moments } from './faults/moments.ts';
import type { FaultKind } from './faults/registry.ts';
import type { ClientLoad } from './clients/clients.ts';
import type { Violation } from './checks/invariants.ts';
import type { People } from './hosts/people.ts';
import type { LifeJournal } from './run/life-journal.ts';
import { asTask } from './clock/microtasks.ts';
import { type Mistakes, settleMs, World } from './world.ts';

export interface SimOptions {
  readonly seed: number;
  readonly mode: SyncMode;
  /** Two when absent. */
  readonly members?: 2 | 3;
  /** Drawn from the seed when absent. */
  readonly etcdMembers?: 1 | 3;
  /** How long things go wrong, after the cluster came up. */
  readonly durationMs: Ms;
  /** Kinds to choose from, or exactly these. */
  readonly faults?: readonly FaultKind[] | ((world: World) => readonly Planned[]);
  readonly mistakes?: Mistakes;
  readonly load?: ClientLoad;
  /** Whoever is told of outages; nobody when absent, and then nothing is written for that. */
  readonly people?: People;
  readonly journal?: LifeJournal;
  /** Called once the cluster is up, before anything goes wrong. */
  readonly whenUp?: (world: World) => void;
}

export interface SimResult {
  readonly seed: number;
  readonly mode: SyncMode;
  readonly violations: readonly Violation[];
  readonly events: readonly string[];
  /** The faults of this life, those aside that were made by hand. */
  readonly plan: readonly DrawnFault[];
  readonly acknowledged: number;
  /** Acknowledged commits that the primary lacks at the end; what mode `off` may lose. */
  readonly lost: number;
  /** Commits that a primary acknowledged beside a newer one, in mode `off`, while nobody on its host could stop it. */
  readonly besideAnother: number;
  /** How many times a server left recovery. */
  readonly promotions: number;
  /** The longest time in which somebody waited and nobody's commit was acknowledged, from when the cluster was up until the end. */
  readonly outageMs: Ms;
  /** Who acknowledged commits, one after the other. */
  readonly acknowledgedBy: readonly string[];
  /** From the last heal until the cluster was redundant again. */
  readonly healedAfterMs: Ms;
  readonly virtualMs: Ms;
}

export function simulate(options: SimOptions): Promise<SimResult> {
  return asTask(() => live(options));
}

function live(options: SimOptions): SimResult {
  const world = new World({
    seed: options.seed,
    mode: options.mode,
    ...(options.members !== undefined && { members: options.members }),
    ...(options.etcdMembers !== undefined && { etcdMembers: options.etcdMembers }),
    ...(options.mistakes !== undefined && { mistakes: options.mistakes }),
    ...(options.load !== undefined && { load: options.load }),
    ...(options.people !== undefined && { people: options.people }),
    ...(options.journal !== undefined && { journal: options.journal }),
  });
  const up = runUntil(world, () => anyAcknowledged(world) && world.redundant(), settleMs);
  if (!up) world.invariants.lives('the cluster did not come up');
  world.service.beginsAt(world.clock.mono());
  let healedAfterMs = 0;
  let lost = 0;
  let plan: readonly DrawnFault[] = [];
  if (up && world.invariants.violations.length === 0) {
    options.whenUp?.(world);
    plan = suffer(world, options);
    healAll(world);
    const healedAt = world.clock.mono();
    const before = world.invariants.acknowledged.all.length;
    const writes = () => world.invariants.acknowledged.all.length > before;
    const whole = runUntil(world, () => writes() && world.redundant(), settleMs);
    healedAfterMs = world.clock.mono() - healedAt;
    if (world.invariants.violations.length === 0) {
      const primary = world.primaries()[0]?.running;
      if (!whole || primary == null) world.invariants.lives(lifeSigns(world, writes()));
      else if (!runUntil(world, () => openRecords(world).length === 0, settleMs))
        world.invariants.lives(`${settleMs} ms after the heal incidents are open: ${openRecords(world).join(', ')}`);
      else world.invariants.checkFinally(primary, options.mode);
      if (primary != null) lost = world.invariants.acknowledged.lackingIn(primary.dir);
    }
  }
  for (const { invariant, detail } of world.invariants.violations) world.note(`VIOLATED ${invariant}: ${detail}`);
  const result: SimResult = {
    seed: options.seed,
    mode: options.mode,
    violations: world.invariants.violations,
    events: world.events,
    plan,
    acknowledged: world.invariants.acknowledged.all.length,
    outageMs: world.service.longest(world.clock.mono()).lastedMs,
    lost,
    besideAnother: world.invariants.unprotected.filter(({ why }) => why === 'unsupervised').length,
    acknowledgedBy: world.invariants.acknowledged.all
      .map(({ member }) => member)
      .filter((member, at, all) => member !== all[at - 1]),
    promotions: world.events.filter((event) => / promoted(?: by hand)?, a primary/.test(event)).length,
    healedAfterMs,
    virtualMs: world.clock.mono(),
  };
  world.end();
  return result;
}

/** What began late still ends before everything is healed. */
const lateMs: Ms = 2_000;

function suffer(world: World, { durationMs, faults }: SimOptions): readonly DrawnFault[] {
  const from = world.clock.mono();
  const random = world.random.fork();
  const planned =
    typeof faults === 'function'
      ? faults(world)
      : planFaults(random, {
          mode: world.mode,
          members: world.members.map(({ name }) => name),
          etcdMembers: world.etcd.members.length,
          fromMs: 0,
          untilMs: durationMs,
          ...(faults !== undefined && { kinds: faults }),
        });
  const moments = new Moments(world);
  const overMono = from + durationMs;
  for (const { kind, atMs, forMs, fault, when, meets } of planned) {
    const begin = () => {
      world.budget.begins(kind, world.clock.mono());
      fault.begin(world);
      const leftMs = when === undefined ? forMs : Math.min(forMs, overMono + lateMs - world.clock.mono());
      world.clock.timer(leftMs, () => {
        world.budget.ends(world.clock.mono());
        fault.end(world);
      });
    };
    world.clock.timer(atMs, () => {
      if (when === undefined) return begin();
      moments.next(when.moment, when.afterMs, overMono, (actor) => {
        meets?.(actor);
        begin();
      });
    });
  }
  const over = () => {
    moments.look();
    return world.clock.mono() >= overMono;
  };
  runUntil(world, over, durationMs + 1);
  // What began late still ends by itself.
  runUntil(world, () => false, lateMs);
  return planned.flatMap(({ drawn }) => drawn ?? []);
}

/** Steps until the fact holds, checking the invariants after every event. False when the time is up or one is violated. */
function runUntil(world: World, fact: () => boolean, limitMs: Ms): boolean {
  const end = monoMs(world.clock.mono() + limitMs);
  for (;;) {
    world.invariants.check();
    if (world.invariants.violations.length > 0) return false;
    if (fact()) return true;
    const next = world.clock.nextAt();
    if (next === null || next > end) return false;
    world.clock.stepNow();
  }
}

/** Incidents whose own recorder has not closed them. */
const openRecords = (world: World): readonly string[] =>
  world.members.flatMap((member) =>
    incidentsOn(member).flatMap(({ id, state, recordedBy }) =>
      state === 'open' && recordedBy === member.name ? [id] : [],
    ),
  );

const anyAcknowledged = (world: World) => world.invariants.acknowledged.all.length > 0;

function lifeSigns(world: World, writes: boolean): string {
  const members = world.members.map(
    ({ name, running, disk }) =>
      `${name}: ${running?.phase ?? 'down'} tl ${disk.data?.timeline ?? '-'} admits ${disk.data?.admits ?? '-'}`,
  );
  const leader = world.etcd.get('leader')?.value ?? 'nobody';
  return `not whole ${settleMs} ms after the heal: ${writes ? 'writes go on' : 'no writes'}; ${members.join('; ')}; leader ${leader}; sync ${JSON.stringify(world.sync())}`;
}
