/**
 * Faults that strike one moment together. Most mistakes need two or three at once, each where it hurts: a host that stands
 * still and cannot reach etcd when it goes on, a transaction that is late and whose sender is succeeded meanwhile. Faults
 * that are drawn one by one hardly ever meet like that.
 */
import type { Ms } from '../../../src/core/units.ts';
import type { Random } from '../clock/random.ts';
import { lastsMs } from './lasts.ts';
import { type Moment, moments } from './moments.ts';
import type { DrawnFault, PlanOptions } from './plan.ts';
import { type FaultKind, specOf } from './registry.ts';

/** What brings somebody else to the head of the cluster, or makes everybody look whether it must. */
const ofTheLeader: readonly FaultKind[] = [
  'isolate',
  'power-off',
  'pause',
  'suspend',
  'kill-postmaster',
  'kill-guardian',
  'freeze-both-daemons',
  'cut-etcd',
  'lease-deleted',
  'disk-hung',
  'terminate-guardian',
  'failover',
];
/** What makes a standby leave, and come back. */
const ofTheStandby: readonly FaultKind[] = [
  'cut-members',
  'power-off',
  'freeze-both-daemons',
  'slow-link',
  'reinit',
  'disk-lost',
  'older-copy',
  'change-mode',
];
const ofEtcd: readonly FaultKind[] = ['etcd-no-quorum', 'etcd-down', 'etcd-election', 'cut-etcd', 'lease-deleted'];
const planned: readonly FaultKind[] = ['switchover', 'terminate-guardian'];

/** What makes such a moment likely. */
const leadsTo: Readonly<Record<Moment, readonly FaultKind[]>> = {
  'doubts the leader': [...ofTheLeader, ...ofEtcd],
  'nobody leads': [...ofTheLeader, ...ofEtcd],
  'takes the key': [...ofTheLeader, ...planned],
  'is to be promoted': [...ofTheLeader, ...planned],
  'was promoted': [...ofTheLeader, ...planned],
  'starts again': ['kill-postmaster', 'kill-guardian', 'power-off', 'blackout'],
  'was fenced': ofTheLeader,
  'comes back': ofTheStandby,
  'loses a standby': ofTheStandby,
  'gets a standby': ofTheStandby,
  'hands over': planned,
};

/** What strikes then: quick to begin, each on one part of the whole. Each group is as likely as another. */
const sharp: readonly (readonly FaultKind[])[] = [
  ['pause', 'suspend', 'freeze-batond', 'freeze-guardian', 'freeze-both-daemons', 'freeze-postgres'],
  ['power-off', 'kill-postmaster', 'kill-guardian', 'kill-batond', 'promotion-dies'],
  ['isolate', 'cut-etcd', 'cut-etcd-half', 'troubled-etcd-link'],
  ['late-transactions', 'lease-deleted', 'etcd-no-quorum'],
  ['cut-members', 'cut-members-half', 'slow-link'],
  ['cut-one-client', 'cut-clients'],
  ['slow-stop', 'slow-promotion', 'disk-hung', 'wall-jump'],
  ['promote-by-hand', 'change-mode', 'switchover'],
];

/** In whole milliseconds: at once, within what a step takes, or when the next steps are under way. */
const afterMs = (random: Random): Ms =>
  random.pick([0, 0, random.int(1, 50), random.int(50, 1_000), random.int(1_000, 5_000)]);

/** Most lives have some. What they lead to takes its time, so none begins late. */
export function planVolleys(
  random: Random,
  options: PlanOptions,
  possible: readonly FaultKind[],
): readonly DrawnFault[] {
  if (!random.chance(0.7)) return [];
  const { fromMs, untilMs } = options;
  const lastMs = fromMs + 0.7 * (untilMs - fromMs);
  const count = random.int(1, Math.max(1, Math.round((lastMs - fromMs) / 8_000)));
  return Array.from({ length: count }, () => aVolley(random, options, possible, random.between(fromMs, lastMs))).flat();
}

function aVolley(
  random: Random,
  { members, untilMs }: PlanOptions,
  possible: readonly FaultKind[],
  atMs: Ms,
): readonly DrawnFault[] {
  const among = (kinds: readonly FaultKind[]) => kinds.filter((kind) => possible.includes(kind));
  const drawn = (kind: FaultKind): Pick<DrawnFault, 'kind' | 'forMs' | 'seed' | 'strength'> => ({
    kind,
    forMs: Math.min(lastsMs(random, specOf(kind).forMsMax), untilMs + 2_000 - atMs),
    seed: random.int(0, 2 ** 31),
    strength: random.next(),
  });
  const moment = random.pick(moments);
  const leads = among(leadsTo[moment]);
  const groups = sharp.map(among).filter((kinds) => kinds.length > 0);
  if (leads.length === 0 || groups.length === 0) return [];
  const member = random.pick(members);
  const on = random.chance(0.6) ? { primaryOr: member } : member;
  // Long enough for somebody to act on it.
  const forMs = Math.min(
    random.pick([random.between(1_000, 5_000), random.between(5_000, 16_000)]),
    untilMs + 2_000 - atMs,
  );
  const first = { ...drawn(random.pick(leads)), forMs, atMs, on };
  const target = random.pick(['whose moment it is', 'another', { primaryOr: member }] as const);
  const together = random.chance(0.5);
  const then = Array.from({ length: random.int(1, 3) }, () => ({
    ...drawn(random.pick(random.pick(groups))),
    atMs,
    when: { moment: random.chance(0.7) ? moment : random.pick(moments), afterMs: together ? 0 : afterMs(random) },
    on: random.chance(0.7) ? target : random.pick(members),
  }));
  return [first, ...then];
}
