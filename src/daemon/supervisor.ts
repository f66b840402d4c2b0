/** The loop: observe → decide → journal → perform. */
import type { SharedConfig } from '../core/cluster.ts';
import type { Promises } from '../core/sla/contract.ts';
import type { NoticePolicy } from '../core/sla/notices/channel.ts';
import type { Jobs } from '../core/sla/schedule/schedule.ts';
import type { CopyId, MemberName } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator } from '../ports/coordinator.ts';
import type { EvidenceSource } from '../ports/evidence.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import type { GuardianPort } from '../ports/guardian.ts';
import type { Journal, KeptState } from '../ports/journal.ts';
import type { Log } from '../ports/log.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Endpoint, Peers, Postgres } from '../ports/postgres.ts';
import type { ServiceBookmark } from '../ports/service-bookmark.ts';
import type { Ticker } from '../ports/ticker.ts';
import type { ParseConfig } from '../wire/cluster-keys.ts';

/** What one member is, from its local configuration. */
export interface MemberSettings {
  readonly cluster: string;
  readonly name: MemberName;
  readonly location: string;
  readonly priority: number;
  readonly nofailover: boolean;
  readonly nosync: boolean;
  readonly postgres: Endpoint;
  readonly apiUrl: string;
  /** Used until etcd has a shared configuration, and written there by the member that bootstraps. */
  readonly shared: SharedConfig;
  /** The raw shared section as it goes to the `config` key. */
  readonly sharedText: string;
}

export interface SupervisorDeps {
  readonly settings: MemberSettings;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly guardian: GuardianPort;
  readonly postgres: Postgres;
  readonly peers: Peers;
  readonly journal: Journal;
  readonly log: Log;
  readonly kept: KeptState;
  readonly ledger: Ledger;
  readonly bookmark: ServiceBookmark;
  readonly evidence: EvidenceSource;
  /** This daemon's version, as `baton version` prints it. */
  readonly version: string;
  /** Reads the `config` key; throws with a sentence when it cannot be used. */
  readonly parseConfig: ParseConfig;
  /** What a shared configuration has done at set times, as text from etcd; null when it cannot be read. */
  readonly jobsOf: (configText: string) => Jobs | null;
  readonly ticker: Ticker;
  readonly promisesOf: (configText: string) => Promises | null;
  readonly notifier: Notifier;
  /** Who is told what, by the `config` key; null when it cannot be read. */
  readonly noticesOf: (configText: string) => NoticePolicy | null;
  /** Eight random lower-case hexadecimal digits; the simulator's come from the seed. */
  readonly newCopyId: () => CopyId;
}

/** Runs until the signal aborts, then resolves once nothing of it is under way. Postgres and guardian stay. */
export type RunSupervisor = (
  deps: SupervisorDeps,
  signal: AbortSignal,
) => { readonly face: DaemonFace; readonly ended: Promise<void> };
