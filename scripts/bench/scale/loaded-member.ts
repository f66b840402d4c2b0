/**
 * What one member costs etcd, without PostgreSQL: the lease that its guardian renews, and what its batond watches, reads
 * and writes, through the adapters that those use. It decides nothing.
 */
import { createCoordinator } from '../../../src/adapters/etcd/create-coordinator.ts';
import { createLeaseStore } from '../../../src/adapters/etcd/lease-store.ts';
import type { MemberRecord } from '../../../src/core/cluster.ts';
import { formatLeader, formatMember, formatStatus, formatSync, keyOf } from '../../../src/core/key-format.ts';
import type { Write } from '../../../src/core/transaction.ts';
import { copyId, type LeaseId, lsn, type MemberName, second, type Timeline } from '../../../src/core/units.ts';
import { newLeaseId } from '../../../src/main/new-lease-id.ts';
import type { Clock } from '../../../src/ports/clock.ts';

export interface LoadedMemberOptions {
  readonly clock: Clock;
  readonly endpoints: readonly string[];
  readonly cluster: string;
  readonly name: MemberName;
  /** The other member; null on the one that follows. */
  readonly leadsOver: MemberName | null;
}

/** As in the shared configuration, by default. */
const heartbeatMs = 250;
const leaseTtlMs = 5 * second;
const callLimitMs = 1 * second;
const positionsEveryMs = 10 * second;
const walBytesPerWrite = 4_096n;

export class LoadedMember {
  readonly #options: LoadedMemberOptions;
  readonly #leases: ReturnType<typeof createLeaseStore>;
  readonly #coordinator: ReturnType<typeof createCoordinator>;
  #lsn = 0x5000000n;
  /** Renewals that etcd did not confirm before the next was due, and transactions that were not applied. */
  failures = 0;

  constructor(options: LoadedMemberOptions) {
    const { endpoints, cluster, name, clock } = options;
    // As guardian and batond of a real member have: connections of their own.
    const agents = ['guardian', 'batond'].map((part) => ({ userAgent: `${cluster}/${name}/${part}` }));
    this.#options = options;
    this.#leases = createLeaseStore({ endpoints, clock, ...agents[0] });
    this.#coordinator = createCoordinator({ endpoints, namespace: '/service', cluster, clock, ...agents[1] });
  }

  /** Ends once everything that the member has in etcd is there; it goes on until the signal. Throws when etcd refuses. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const leaseId = newLeaseId();
    const granted = await this.#leases.grant(leaseId, leaseTtlMs, callLimitMs);
    if (!granted.ok) throw new Error(granted.error);
    this.#renew(leaseId, signal);
    const known = Promise.withResolvers<void>();
    this.#coordinator.follow((observation) => {
      if (observation.kind === 'snapshot') known.resolve();
      else this.failures += 1;
    }, signal);
    await known.promise;
    await this.#write([...this.#firstKeys(leaseId), ...this.#positions(leaseId)]);
    const again = () => {
      if (signal.aborted) return;
      clock.timer(positionsEveryMs, again);
      void this.#write(this.#positions(leaseId));
    };
    clock.timer(positionsEveryMs, again);
  }

  close(): void {
    this.#coordinator.close();
    this.#leases.close();
  }

  #renew(leaseId: LeaseId, signal: AbortSignal): void {
    if (signal.aborted) return;
    let confirmed = false;
    this.#leases.renew(leaseId, callLimitMs, {
      renewed: () => {
        confirmed = true;
      },
      gone: () => undefined,
    });
    this.#options.clock.timer(heartbeatMs, () => {
      if (!confirmed) this.failures += 1;
      this.#renew(leaseId, signal);
    });
  }

  async #write(writes: readonly Write[]): Promise<void> {
    const outcome = await this.#coordinator.commit({ compares: [], writes }, callLimitMs);
    if (outcome.kind !== 'applied') this.failures += 1;
  }

  #firstKeys(leaseId: LeaseId): readonly Write[] {
    const { name, leadsOver } = this.#options;
    if (leadsOver === null) return [];
    const copies = { [name]: copyOf(name), [leadsOver]: copyOf(leadsOver) };
    return [
      { op: 'put', key: keyOf.leader, value: formatLeader(name), leaseId },
      {
        op: 'put',
        key: keyOf.sync,
        value: formatSync({ leader: name, standbys: [leadsOver], mode: 'available', copies }),
      },
      { op: 'put', key: keyOf.initialize, value: '7300000000000000000' },
    ];
  }

  #positions(leaseId: LeaseId): readonly Write[] {
    const { name, leadsOver } = this.#options;
    this.#lsn += walBytesPerWrite;
    const at = lsn(this.#lsn);
    return [
      { op: 'put', key: keyOf.member(name), value: formatMember(this.#record(leaseId)), leaseId },
      ...(leadsOver === null
        ? []
        : [{ op: 'put' as const, key: keyOf.status, value: formatStatus(at, { [`baton_${leadsOver}`]: at }) }]),
    ];
  }

  #record(leaseId: LeaseId): MemberRecord {
    const { name, leadsOver } = this.#options;
    const at = lsn(this.#lsn);
    return {
      ...{ name, host: '127.0.0.1', port: 5432, apiUrl: 'http://127.0.0.1:8008', leaseId, copyId: copyOf(name) },
      ...{ role: leadsOver === null ? 'replica' : 'primary', state: leadsOver === null ? 'streaming' : 'running' },
      ...{ version: '0.0.0', protocol: 1, serverVersion: 150_000, location: `host-${name}`, priority: 100, tags: {} },
      ...{ timeline: 1 as Timeline, lsn: at, replayLsn: at, freeBytes: null },
      ...{ divergedKept: null, restartingUntil: null, fencedTerm: null },
    };
  }
}

const copyOf = (name: MemberName) => copyId(Buffer.from(name.padEnd(4, '0')).toString('hex').slice(0, 8));
