/**
 * An observer: it commits like a client to whoever leads, by its own one clock; keeps the record; tells people while nobody
 * leads; and records an outage of which no daemon beside a PostgreSQL is left to tell. It is put together from the parts
 * that do that and no others: nothing in it can take the leader key, write `sync`, or touch a PostgreSQL.
 */
import type { ClusterState, MemberRecord, SharedConfig } from '../../core/cluster.ts';
import { leading, syncOf } from '../../core/cluster-queries.ts';
import { protocolVersion } from '../../core/key-format.ts';
import { observing } from '../../core/observing.ts';
import type { LeaseId, MonoMs, Ms } from '../../core/units.ts';
import type { View } from '../../core/view.ts';
import type { Observation, Snapshot } from '../../ports/coordinator.ts';
import type { DaemonFace, SubmitOutcome } from '../../ports/daemon-face.ts';
import { ClusterReader } from '../../wire/cluster-keys.ts';
import { ClientWrites, recorderFactOf, serviceFactOf, type WriteTarget } from '../client-writes.ts';
import { EtcdPast } from '../etcd-past.ts';
import { FactKeeper } from '../fact-keeper.ts';
import { writeUnlessHeld } from '../held-coordinator.ts';
import { KnownMembers } from '../known-members.ts';
import { MemberKey } from '../member-key.ts';
import { RecordKeeping } from '../record-keeping.ts';
import { Signalled } from '../signalled.ts';
import { within } from '../../ports/within.ts';
import { ConfirmedWrites, type SeenWrite } from './confirmed-writes.ts';
import { keepLease } from './keep-lease.ts';
import { observedFacts } from './observed-facts.ts';
import type { ObserverDeps, ObserverSettings, OwnLease } from './observer-deps.ts';
import { observerView } from './observer-view.ts';
import { OutageDesk } from './outage-desk.ts';

/** For what only time brings: a renewal, a claim. */
const tickMs: Ms = 250;
const endsWithinMs: Ms = 2_000;

/** Runs until the signal aborts, then resolves once nothing of it is under way. The lease is left to a next run. */
export function createObserver(
  deps: ObserverDeps,
  signal: AbortSignal,
): { readonly face: DaemonFace; run(): Promise<void> } {
  const observer = new Observer(deps, signal);
  return { face: observer.face(), run: () => observer.run() };
}

class Observer {
  readonly #deps: ObserverDeps;
  readonly #signal: AbortSignal;
  readonly #startedMono: MonoMs;
  readonly #wakeUp: Signalled;
  readonly #reader: ClusterReader;
  readonly #etcdPast: EtcdPast;
  readonly #known = new KnownMembers();
  readonly #lease: OwnLease;
  readonly #record: RecordKeeping;
  readonly #key: MemberKey;
  readonly #desk: OutageDesk;
  readonly #clientWrites: ClientWrites;
  readonly #confirmed: ConfirmedWrites;
  #snapshot: Snapshot | null = null;
  /** The newest state that is believed. */
  #state: ClusterState | null = null;
  #confirmedMono: MonoMs;
  #answeredMono: MonoMs;
  #unreachableSinceMono: MonoMs | null = null;
  #leaderAbsentSinceMono: MonoMs | null = null;
  #policy: SharedConfig;
  #failingSinceMono: MonoMs | null = null;
  #latest: View | null = null;
  #ranMono: MonoMs;

  constructor(given: ObserverDeps, signal: AbortSignal) {
    const { clock, kept, log, settings } = given;
    this.#signal = signal;
    this.#startedMono = clock.mono();
    this.#ranMono = this.#startedMono;
    this.#confirmedMono = this.#startedMono;
    this.#answeredMono = this.#startedMono;
    this.#policy = settings.shared;
    this.#wakeUp = new Signalled(clock, signal);
    this.#reader = new ClusterReader(given.parseConfig);
    this.#etcdPast = new EtcdPast(
      new FactKeeper(clock, kept, (error) =>
        log.error('state/kept.json cannot be written', { problem: String(error) }),
      ),
    );
    const deps = { ...given, coordinator: writeUnlessHeld(given.coordinator, () => this.#etcdPast.held) };
    this.#deps = deps;
    this.#lease = deps.ownLease(() => this.#wakeUp.signal());
    this.#record = new RecordKeeping(
      deps,
      { submit: async () => notHere, progress: () => ({ kind: 'not-known' }) },
      signal,
    );
    this.#key = new MemberKey(deps, (one, other) => one.leaseId === other.leaseId);
    this.#desk = new OutageDesk(deps, settings.name);
    this.#confirmed = new ConfirmedWrites((seen) => this.#believe(seen));
    this.#clientWrites = new ClientWrites(
      {
        clock,
        peers: deps.peers,
        target: () => this.#target(),
        intervalMs: () => this.#policy.probe.writeIntervalMs,
        saw: (write) => {
          if (this.#state !== null) this.#confirmed.saw({ write, cluster: this.#state });
        },
      },
      signal,
    );
  }

  face(): DaemonFace {
    const { settings, version, clock } = this.#deps;
    return {
      cluster: settings.cluster,
      version,
      latest: () =>
        this.#latest === null
          ? null
          : { view: this.#latest, decision: observing(this.#latest), wall: this.#latest.nowWall },
      loopAgeMs: () => clock.mono() - this.#ranMono,
      ...this.#record.face(() => this.#latest),
      drill: async () => notHere,
      submit: async () => notHere,
      resume: async () => notHere,
      progress: () => ({ kind: 'not-known' }),
    };
  }

  async run(): Promise<void> {
    const { coordinator, clock } = this.#deps;
    coordinator.follow((observation) => this.#observe(observation), this.#signal);
    const writing = this.#clientWrites.run();
    while (!this.#signal.aborted) {
      this.#turn();
      await this.#wakeUp.wait(tickMs);
    }
    await within(clock, endsWithinMs, Promise.all([writing, this.#record.close()]));
  }

  // --- what arrives ----------------------------------------------------------------------------------------------

  #observe(observation: Observation): void {
    const { clock, log } = this.#deps;
    if (observation.kind === 'unreachable') {
      if (this.#unreachableSinceMono === null)
        log.warn('etcd does not answer: what fails now may fail here alone, and does not count', {
          problem: observation.problem,
        });
      this.#unreachableSinceMono ??= clock.mono();
      this.#failingSinceMono = null;
      this.#confirmed.etcdUnreachable();
      return;
    }
    const { snapshot, confirmedMono } = observation;
    if (this.#unreachableSinceMono !== null || this.#snapshot === null)
      log.info('etcd answers', { revision: snapshot.revision });
    this.#unreachableSinceMono = null;
    const changed = this.#snapshot?.revision !== snapshot.revision || this.#snapshot.entries !== snapshot.entries;
    this.#snapshot = snapshot;
    const shown = changed || this.#state === null ? this.#reader.read(snapshot) : this.#state;
    if (!this.#etcdPast.believes(shown, this.#state)) return;
    this.#confirmedMono = confirmedMono;
    this.#answeredMono = clock.mono();
    // What was seen before this state is believed before it.
    this.#confirmed.etcdAnswered(confirmedMono, clock.mono());
    if (changed) this.#sawState(shown, snapshot);
    this.#wakeUp.signal();
  }

  #sawState(state: ClusterState, snapshot: Snapshot): void {
    const was = this.#state;
    this.#state = state;
    this.#known.saw(state);
    if (state.config.kind === 'present') this.#policy = state.config.value;
    const absent = state.leader.kind === 'absent';
    this.#leaderAbsentSinceMono = absent ? (this.#leaderAbsentSinceMono ?? this.#deps.clock.mono()) : null;
    this.#desk.sawSnapshot(snapshot);
    this.#record.sawSnapshot(snapshot);
    for (const fact of observedFacts(was, state, this.#view())) this.#record.happened(fact);
    if ((was === null ? null : leading(was)?.term) !== leading(state)?.term) this.#clientWrites.targetChanged();
  }

  #target(): WriteTarget | null {
    if (this.#state === null) return null;
    const member = leading(this.#state)?.key.member ?? syncOf(this.#state)?.leader ?? null;
    const address = member === null ? undefined : this.#known.addresses.get(member);
    if (member === null || address === undefined) return null;
    return { member, by: 'observer', host: address.host, port: address.port };
  }

  #believe({ write, cluster }: SeenWrite): void {
    this.#record.probed(serviceFactOf(write, cluster));
    this.#failingSinceMono = write.answer.ok ? null : (this.#failingSinceMono ?? write.atMono);
    const fact = recorderFactOf(write);
    // While a member with PostgreSQL is there, it records what befalls the service.
    this.#record.happened(fact.kind === 'write-failed' && !this.#desk.claimed ? { ...fact, opensNothing: true } : fact);
  }

  // --- what it does ----------------------------------------------------------------------------------------------

  #turn(): void {
    const { clock } = this.#deps;
    this.#ranMono = clock.mono();
    keepLease(this.#lease, this.#policy.lease.ttlMs, this.#ranMono);
    const view = this.#view();
    this.#latest = view;
    const lease = this.#lease.view;
    if (this.#state !== null && lease.kind === 'held') this.#write(this.#state, lease.leaseId, view);
    this.#record.considered(view);
  }

  #write(state: ClusterState, leaseId: LeaseId, { nowMono }: View): void {
    const { settings, version } = this.#deps;
    const record = observerRecord(settings, version, leaseId);
    this.#key.consider(record, state.members.get(settings.name) ?? { kind: 'absent' }, nowMono, () => []);
    const { serviceIsAway } = this.#record;
    // The claim went with the lease, and a member that came back records the outage: one of the two gives way.
    if (serviceIsAway && !this.#desk.claimed && this.#record.outageElsewhere(state))
      this.#record.happened({ kind: 'recorded-elsewhere', atMono: nowMono, wall: this.#deps.clock.wall() });
    const known = this.#known.addresses.keys();
    this.#desk.consider({ state, known, leaseId, failingSinceMono: this.#failingSinceMono, serviceIsAway }, nowMono);
  }

  #view(): View {
    const { clock, settings } = this.#deps;
    const startedMono = this.#startedMono;
    return observerView(settings, {
      nowMono: clock.mono(),
      nowWall: clock.wall(),
      startedMono,
      coordinator:
        this.#state === null
          ? { kind: 'never-read', sinceMono: startedMono }
          : {
              kind: 'read',
              state: this.#state,
              confirmedMono: this.#confirmedMono,
              answeredMono: this.#answeredMono,
              unreachableSinceMono: this.#unreachableSinceMono,
              reachedMono: this.#deps.coordinator.reachedMono(),
              leaderAbsentSinceMono: this.#leaderAbsentSinceMono,
            },
      lease: this.#lease.view,
      policy: this.#policy,
      known: this.#known,
      held: this.#etcdPast.held,
    });
  }
}

const observerRecord = (settings: ObserverSettings, version: string, leaseId: LeaseId): MemberRecord => ({
  name: settings.name,
  host: settings.address.host,
  port: settings.address.port,
  apiUrl: settings.apiUrl,
  role: 'observer',
  state: 'running',
  version,
  protocol: protocolVersion,
  serverVersion: null,
  location: settings.location,
  priority: 0,
  tags: { nofailover: true, nosync: true },
  leaseId,
  copyId: null,
  timeline: null,
  lsn: null,
  replayLsn: null,
  divergedKept: null,
  freeBytes: null,
  restartingUntil: null,
  fencedTerm: null,
});

const notHere: SubmitOutcome = {
  kind: 'refused',
  condition: 'member-with-data',
  problem: 'this is an observer, which changes nothing: ask on the host of a member with PostgreSQL',
};
