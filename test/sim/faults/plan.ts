/** Which faults a life has: drawn from its seed, and nothing but data, so that a plan can be shortened, printed and repeated. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Ms } from '../../../src/core/units.ts';
import { Random } from '../clock/random.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';
import type { Aim, Fault } from './fault.ts';
import type { Moment } from './moments.ts';
import { lastsMs } from './lasts.ts';
import { aFault, type FaultKind, faultKinds, specOf } from './registry.ts';
import { planVolleys } from './volleys.ts';

/** A fault as data: the same gives the same fault. */
export interface DrawnFault {
  readonly kind: FaultKind;
  readonly atMs: Ms;
  readonly forMs: Ms;
  /** Not at `atMs`, but so long after the first such moment from then on; never, when none comes. */
  readonly when?: { readonly moment: Moment; readonly afterMs: Ms };
  /**
   * A member's name, or whoever is the primary when it begins, or else that member. At a moment: whose moment it is, or
   * one of the others.
   */
  readonly on: string | { readonly primaryOr: string } | 'whose moment it is' | 'another';
  /** What the fault draws its particulars from. */
  readonly seed: number;
  readonly strength: number;
}

export interface Planned {
  readonly kind: string;
  readonly atMs: Ms;
  readonly forMs: Ms;
  readonly fault: Fault;
  /** Absent where it begins at `atMs`. */
  readonly when?: NonNullable<DrawnFault['when']>;
  /** To be called with the member whose moment it is, before the fault begins. */
  readonly meets?: (actor: Member) => void;
  /** Absent where the fault was made by hand. */
  readonly drawn?: DrawnFault;
}

export function planned(drawn: DrawnFault): Planned {
  const { kind, atMs, forMs, when, seed, strength, on } = drawn;
  const random = new Random(seed);
  let actor: Member | null = null;
  const aim: Aim = (world) => {
    if (typeof on === 'object') return world.primaries()[0] ?? world.member(on.primaryOr);
    if (on !== 'whose moment it is' && on !== 'another') return world.member(on);
    const whose = actor ?? world.primaries()[0];
    if (on === 'another') return random.pick(world.members.filter((each) => each !== whose));
    return whose ?? random.pick(world.members);
  };
  return {
    kind,
    atMs,
    forMs,
    fault: aFault(kind, aim, random, strength),
    ...(when !== undefined && { when }),
    meets: (member) => {
      actor = member;
    },
    drawn,
  };
}

export interface PlanOptions {
  readonly mode: SyncMode;
  readonly members: readonly string[];
  readonly etcdMembers: number;
  readonly fromMs: Ms;
  readonly untilMs: Ms;
  readonly kinds?: readonly FaultKind[];
}

/** A fault each so many seconds, on the average: the cluster is often whole in between, and often not. */
const everyMs: Ms = 5_000;

/**
 * Swarm style: each life has a few kinds of faults, each of a strength of its own, so that one kind does not always hide
 * what another would show. Overlapping faults are as welcome as a fault on a world that heals.
 */
export function planFaults(random: Random, options: PlanOptions): readonly Planned[] {
  const { fromMs, untilMs, mode, members, etcdMembers, kinds = faultKinds } = options;
  const possible = kinds.filter((kind) => {
    const { modes, membersMin = 2, etcdMembersMin = 1 } = specOf(kind);
    return (modes?.includes(mode) ?? true) && members.length >= membersMin && etcdMembers >= etcdMembersMin;
  });
  const swarm = possible.filter(() => random.chance(0.4));
  const chosen = (swarm.length > 0 ? swarm : [random.pick(possible)]).map((kind) => ({
    kind,
    strength: random.next(),
  }));
  const mostly = (untilMs - fromMs) / everyMs;
  const count = random.int(Math.ceil(mostly / 2), Math.ceil(mostly * 1.5));
  const single = Array.from({ length: count }, () => {
    const { kind, strength } = random.pick(chosen);
    const member = random.pick(members);
    const on = random.chance(0.6) ? { primaryOr: member } : member;
    const atMs = random.chance(0.2) ? fromMs + random.between(0, 2_000) : random.between(fromMs, untilMs);
    const forMs = Math.min(lastsMs(random, specOf(kind).forMsMax), untilMs + 2_000 - atMs);
    return planned({ kind, atMs, forMs, on, seed: random.int(0, 2 ** 31), strength });
  });
  // Exactly these kinds were asked for: no others.
  const volleys = options.kinds === undefined ? planVolleys(random, options, possible).map(planned) : [];
  return [...single, ...volleys].toSorted((one, other) => one.atMs - other.atMs);
}

/** Ends whatever a fault may have left: hosts up and scheduled, links whole, daemons started. */
export function healAll(world: World): void {
  world.note('HEAL  everything');
  world.etcd.heals();
  world.network.healAll();
  for (const member of world.members) {
    member.powerOn();
    member.host.resume();
    member.batond?.process.continue();
    member.guardian?.process.continue();
    member.running?.process.continue();
    member.startBatond();
  }
  world.operator.mend();
}
