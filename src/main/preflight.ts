/**
 * Whether this member is who its cluster takes it for: asked of etcd once, before anything of it is started. Data of
 * another cluster, or a name that a living member has, is a mistake in the configuration that no retry mends. When etcd
 * does not answer nothing is refused: the loop waits for etcd and looks again.
 */
import type { ConfigProblem } from '../config/problem.ts';
import { memberRecord, syncOf } from '../core/cluster-queries.ts';
import type { ClusterState, MemberRecord } from '../core/cluster.ts';
import { type LeaseId, type MemberName, type Ms, second } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator, Snapshot } from '../ports/coordinator.ts';
import type { Endpoint, Postgres } from '../ports/postgres.ts';
import { type ParseConfig, parseCluster } from '../wire/cluster-keys.ts';

export interface PreflightDeps extends NameDeps {
  readonly postgres: Pick<Postgres, 'inspect'>;
  readonly dataDir: string;
}

export interface NameDeps {
  readonly clock: Clock;
  readonly coordinator: Pick<Coordinator, 'follow' | 'leaseTtl'>;
  readonly parseConfig: ParseConfig;
  /** `postgres`: the address in its key; an observer's is its API's. */
  readonly self: { readonly name: MemberName; readonly postgres: Endpoint; readonly apiUrl: string };
  /** The lease of the run before, if the state directory has one. */
  readonly keptLease: LeaseId | null;
  /** Told when this takes longer than a read. */
  readonly waiting: (why: string) => void;
}

/** On a busy host the first attempt may fail; a start that waits for etcd in vain costs nobody anything. */
const readLimitMs: Ms = 5 * second;
const inspectLimitMs: Ms = 10 * second;
/** etcd counts a lease in whole seconds and takes a moment to end it. */
const leaseSlackMs: Ms = 2 * second;

export async function preflight(deps: PreflightDeps, signal: AbortSignal): Promise<readonly ConfigProblem[]> {
  const state = await readCluster(deps, readLimitMs, () => true, signal);
  if (state === null) return [];
  const foreign = await foreignData(deps, state);
  return foreign.length > 0 ? foreign : takenName(deps, state, signal);
}

/** An observer must have a name that no data is known by: `sync` and slots name members, and it has none of theirs. */
export async function preflightObserver(deps: NameDeps, signal: AbortSignal): Promise<readonly ConfigProblem[]> {
  const state = await readCluster(deps, readLimitMs, () => true, signal);
  if (state === null) return [];
  const { name } = deps.self;
  const sync = syncOf(state);
  const hasData =
    sync !== null && (sync.leader === name || sync.standbys.includes(name) || sync.copies[name] !== undefined);
  return hasData
    ? [
        {
          path: 'member.name',
          problem: `${name} is the name of a member with PostgreSQL, as the key sync says`,
          mend: 'give the observer a name of its own',
        },
      ]
    : takenName(deps, state, signal);
}

async function foreignData(deps: PreflightDeps, state: ClusterState): Promise<readonly ConfigProblem[]> {
  if (state.initialize.kind !== 'present') return [];
  const found = await deps.postgres.inspect(inspectLimitMs);
  if (found.kind !== 'present' || found.data.systemIdentifier === state.initialize.value) return [];
  return [
    {
      path: 'postgres.dataDir',
      problem: `${deps.dataDir} is of system ${found.data.systemIdentifier}, this cluster is ${state.initialize.value}: another cluster's data, which is neither used nor removed`,
      mend: 'move it away to have this member cloned, or name the right cluster or etcd',
    },
  ];
}

/** A dead member's key goes away with its lease, so one that stays is a living member's. */
async function takenName(deps: NameDeps, state: ClusterState, signal: AbortSignal): Promise<readonly ConfigProblem[]> {
  const { coordinator, self, waiting } = deps;
  const other = stranger(deps, state);
  if (other === null) return [];
  const ttl = await coordinator.leaseTtl(other.leaseId, readLimitMs);
  if (!ttl.ok || ttl.value.kind === 'gone') return [];
  const limitMs = ttl.value.grantedS * second + leaseSlackMs;
  waiting(`etcd has a member ${self.name} at ${addressOf(other)}: waiting ${limitMs / second} s for its lease to end`);
  const after = await readCluster(deps, limitMs, (now) => stranger(deps, now) === null, signal);
  const still = after === null ? null : stranger(deps, after);
  if (still === null) return [];
  return [
    {
      path: 'member.name',
      problem: `${self.name} is the name of a living member at ${addressOf(still)}; this one is at ${self.postgres.host}:${self.postgres.port} (${self.apiUrl})`,
      mend: 'give this member another name, or stop the other daemon and its guardian first',
    },
  ];
}

/** A member of our name that is neither an earlier run of this host's nor at this host's addresses. */
function stranger({ self, keptLease }: NameDeps, state: ClusterState): MemberRecord | null {
  const record = memberRecord(state, self.name);
  if (record === null || record.leaseId === keptLease) return null;
  const same =
    record.host === self.postgres.host && record.port === self.postgres.port && record.apiUrl === self.apiUrl;
  return same ? null : record;
}

const addressOf = ({ host, port, apiUrl }: MemberRecord): string => `${host}:${port} (${apiUrl})`;

/** The first state that `enough` takes, else the newest one by the end of the limit; null when etcd did not answer. */
function readCluster(
  { clock, coordinator, parseConfig }: NameDeps,
  limitMs: Ms,
  enough: (state: ClusterState) => boolean,
  signal: AbortSignal,
): Promise<ClusterState | null> {
  return new Promise((resolve) => {
    const following = new AbortController();
    let newest: Snapshot | null = null;
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      following.abort();
      resolve(newest === null ? null : parseCluster(newest, parseConfig));
    };
    const cancel = clock.timer(limitMs, end);
    signal.addEventListener('abort', end, { once: true });
    coordinator.follow((observation) => {
      if (following.signal.aborted) return;
      if (observation.kind === 'unreachable') return;
      newest = observation.snapshot;
      if (enough(parseCluster(newest, parseConfig))) end();
    }, following.signal);
    if (signal.aborted) end();
  });
}
