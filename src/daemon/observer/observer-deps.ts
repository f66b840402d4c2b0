/** What an observer is made of: etcd, a lease, a clock, and a way to commit like a client. No PostgreSQL and no guardian. */
import type { SharedConfig } from '../../core/cluster.ts';
import type { GuardedLease } from '../../core/guardian-state.ts';
import type { MemberName, Ms } from '../../core/units.ts';
import type { LeaseView } from '../../core/view.ts';
import type { KeptState } from '../../ports/journal.ts';
import type { Endpoint, Peers } from '../../ports/postgres.ts';
import type { ParseConfig } from '../../wire/cluster-keys.ts';
import type { RecordDeps } from '../record/record-deps.ts';

export interface ObserverSettings {
  readonly cluster: string;
  readonly name: MemberName;
  readonly location: string;
  /** Its API's. Member keys name an address where PostgreSQL's would be; health checks never send anybody there. */
  readonly address: Endpoint;
  readonly apiUrl: string;
  /** Used until etcd has a shared configuration. */
  readonly shared: SharedConfig;
}

/** The observer's own lease in etcd: its member key and its claim on an outage are on it. */
export interface OwnLease {
  readonly lease: GuardedLease;
  readonly view: LeaseView;
  grant(ttlMs: Ms): void;
  renew(): void;
}

export interface ObserverDeps extends RecordDeps {
  readonly settings: ObserverSettings;
  readonly peers: Pick<Peers, 'writeProbe'>;
  readonly kept: KeptState;
  /** Calls `changed` whenever the lease is another than before. */
  readonly ownLease: (changed: () => void) => OwnLease;
  readonly version: string;
  /** Reads the `config` key; throws with a sentence when it cannot be used. */
  readonly parseConfig: ParseConfig;
}
