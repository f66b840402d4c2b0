/** Fences a former primary through its own PostgreSQL: one bounded attempt, which begins only while the key is ours. */
import type { Intent } from '../core/decision.ts';
import { serverName } from '../core/fence-target.ts';
import type { RemoteFenceOutcome } from '../core/remote-fence.ts';
import type { Txn } from '../core/transaction.ts';
import type { Lsn, MemberName, Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator } from '../ports/coordinator.ts';
import type { Endpoint, Peers, Postgres } from '../ports/postgres.ts';

export type FenceOrder = Extract<Intent, { kind: 'fence-remote' }>;

export interface RemoteFenceContext {
  readonly clock: Clock;
  readonly coordinator: Pick<Coordinator, 'commit'>;
  readonly peers: Pick<Peers, 'fence'>;
  readonly postgres: Pick<Postgres, 'look'>;
  readonly cluster: string;
  endpointOf(member: MemberName): Endpoint | null;
  /** A transaction that is applied only while the order's term is ours; null when it is not ours, as far as is seen here. */
  stillOurs(): Txn | null;
}

/** Beside a promotion it only shortens stale reads; before one it also fetches what the old primary acknowledged. */
const limitMs: Ms = 3_000;
const limitWithDrainMs: Ms = 8_000;
const drainLimitMs: Ms = 5_000;
const confirmLimitMs: Ms = 1_000;
const lookLimitMs: Ms = 500;
const lookEveryMs: Ms = 5;

export async function fenceRemotely(
  order: FenceOrder,
  context: RemoteFenceContext,
  signal: AbortSignal,
): Promise<RemoteFenceOutcome> {
  const { clock, coordinator, peers, cluster } = context;
  const { target, drain } = order;
  const endpoint = context.endpointOf(target.member);
  if (endpoint === null) return { kind: 'failed', problem: `nobody knows where ${target.member} is` };
  const limit = new AbortController();
  const cancelLimit = clock.timer(drain ? limitWithDrainMs : limitMs, () =>
    limit.abort(new Error('it takes too long')),
  );
  const bounded = AbortSignal.any([signal, limit.signal]);
  try {
    return await peers.fence(
      endpoint,
      { target, serverName: serverName(cluster, target.member) },
      {
        // Asked of etcd after the proof: a run that was there before then is not that of a later, lawful leader.
        mayGoOn: async () => {
          const proof = context.stillOurs();
          return proof !== null && (await coordinator.commit(proof, confirmLimitMs)).kind === 'applied';
        },
        received: drain ? (upTo) => received(upTo, context, bounded) : null,
      },
      bounded,
    );
  } finally {
    cancelLimit();
  }
}

/** Whether the standby here has everything up to that position, within the time that a drain may take. */
async function received(upTo: Lsn, { clock, postgres }: RemoteFenceContext, signal: AbortSignal): Promise<boolean> {
  const endMono = clock.mono() + drainLimitMs;
  while (clock.mono() < endMono && !signal.aborted) {
    const look = await postgres.look(lookLimitMs);
    if (look.kind === 'standby' && look.receivedLsn >= upTo) return true;
    if (look.kind === 'primary') return false;
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }
  return false;
}
