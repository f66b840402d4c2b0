/** batond as an observer, without PostgreSQL and without a guardian. A composition root: makes the adapters, runs the loop. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createTicker } from '../adapters/cron/ticker.ts';
import type { EtcdAccess } from '../adapters/etcd/access.ts';
import { createCoordinator } from '../adapters/etcd/create-coordinator.ts';
import { createLeaseStore } from '../adapters/etcd/lease-store.ts';
import { createJournal } from '../adapters/journal/journal.ts';
import { createKeptState } from '../adapters/journal/kept-state.ts';
import { createLedger } from '../adapters/journal/ledger.ts';
import { createLogger } from '../adapters/journal/logger.ts';
import { createServiceBookmark } from '../adapters/journal/service-bookmark.ts';
import { createNotifier } from '../adapters/notify/create-notifier.ts';
import { createClientWriters } from '../adapters/postgres/client-writers.ts';
import { createSystemClock } from '../adapters/system-clock.ts';
import { noticePolicy } from '../config/notice-policy.ts';
import { readNotifySecrets } from '../config/notify-host.ts';
import type { ObserverConfig } from '../config/observer-schema.ts';
import { problemText } from '../config/problem.ts';
import { jobsOf } from '../config/schedule-schema.ts';
import { readShared, readSharedPolicy } from '../config/shared.ts';
import type { SharedConfig } from '../core/cluster.ts';
import { explainView } from '../core/explain-view.ts';
import { copyId, type LeaseId, memberName } from '../core/units.ts';
import type { ObserverSettings } from '../daemon/observer/observer-deps.ts';
import { createObserver } from '../daemon/observer/run-observer.ts';
import { leaseFile } from '../guardian/lease-file.ts';
import { LeaseKeeper } from '../guardian/lease-keeper.ts';
import { serveApi } from '../http/serve.ts';
import type { Clock } from '../ports/clock.ts';
import { readEtcdAccess } from './etcd-access.ts';
import { fail, refuse } from './exits.ts';
import { newLeaseId } from './new-lease-id.ts';
import { createObserverEvidence } from './observer-evidence.ts';
import { preflightObserver } from './preflight.ts';
import { secret, secretOwners } from './secret-owners.ts';
import { version } from './version.ts';

export async function runObserver(file: string, config: ObserverConfig): Promise<void> {
  const owners = await secretOwners(undefined);
  const etcd = await readEtcdAccess(config.etcd, owners);
  if (!etcd.ok) refuse(etcd.error);
  const access = etcd.value;
  const credentials = { username: config.probe.username, password: await secret(config.probe.passwordFile, owners) };
  const notifySecrets = await readNotifySecrets(config.notify, owners);
  mkdirSync(config.state, { recursive: true, mode: 0o700 });
  process.umask(0o077);

  const clock = createSystemClock();
  const log = createLogger({ level: config.log.level, format: config.log.format, member: config.member.name });
  const settings = settingsOf(config);
  const { cluster, name } = settings;
  const journalDirectory = join(config.state, 'journal');
  const ledgerDirectory = join(config.state, 'ledger');
  const ledger = await createLedger({
    directory: ledgerDirectory,
    clock,
    log,
    retention: { keepMs: config.ledger.keep, bytesMax: config.ledger.maxSize },
  });
  const coordinator = createCoordinator({ ...access, namespace: config.etcd.namespace, cluster, clock });
  const leases = createLeaseStore({ ...access, clock });
  const kept = leaseFile(config.state);
  const keptLease = await kept.read();
  const writers = createClientWriters({ clock, member: name, credentials, lost: () => undefined });

  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  log.info('batond starts as an observer', { version, cluster, etcd: config.etcd.endpoints.join(' ') });
  const observer = createObserver(
    {
      settings,
      clock,
      coordinator,
      peers: writers,
      journal: createJournal({ directory: journalDirectory, clock, log }),
      log,
      ledger,
      evidence: createObserverEvidence(clock, journalDirectory),
      bookmark: createServiceBookmark({ directory: ledgerDirectory, member: name }),
      kept: createKeptState({ directory: config.state }),
      ownLease: (changed) =>
        new LeaseKeeper(
          {
            ...{ clock, store: leases, kept, newLeaseId, changed, signal: stopping.signal },
            // Nothing is fenced by this lease: a host that slept finds it gone, and asks for another.
            bootAheadMs: () => 0,
            renewed: () => undefined,
            problem: (what, problem) => log.warn(`the lease: ${what} failed`, { problem }),
          },
          keptLease,
        ),
      version,
      parseConfig: readSharedPolicy,
      jobsOf: (text) => {
        const shared = readShared(text);
        return shared.ok ? jobsOf(shared.value) : null;
      },
      ticker: createTicker(),
      promisesOf: (text) => {
        const shared = readShared(text);
        return shared.ok ? { sites: shared.value.sites, contracts: shared.value.contracts } : null;
      },
      notifier: createNotifier({
        clock,
        secrets: notifySecrets,
        commands: config.notify.commands,
        smtp: config.notify.smtp ?? null,
      }),
      noticesOf: (text) => {
        const shared = readShared(text);
        return shared.ok ? noticePolicy(shared.value) : null;
      },
      newCopyId: () => copyId(randomBytes(4).toString('hex')),
    },
    stopping.signal,
  );
  // First of all: whoever holds the socket is this member's one batond.
  const api = await serveApi({
    tcp: config.api.listen,
    socketPath: join(config.state, 'batond.sock'),
    face: observer.face,
    explain: explainView,
    onError: (error) => log.error('a request failed', { problem: error.stack ?? error.message }),
    signal: stopping.signal,
  });
  if (!api.ok) fail(api.error);
  const wrong = await lookAtName({ config, access, settings, clock, keptLease }, stopping.signal, (why) =>
    log.warn(why),
  );
  if (wrong.length > 0) {
    stopping.abort(new Error('the configuration is refused'));
    await api.value.ended;
    refuse(problemText(file, wrong));
  }
  await Promise.all([observer.run(), api.value.ended]);
  log.info('batond stops', { reason: String(stopping.signal.reason) });
  await writers.close();
  coordinator.close();
  leases.close();
  await ledger.close();
  process.exit(0);
}

interface Who {
  readonly config: ObserverConfig;
  readonly access: EtcdAccess;
  readonly settings: ObserverSettings;
  readonly clock: Clock;
  readonly keptLease: LeaseId | null;
}

async function lookAtName(
  { config, access, settings, clock, keptLease }: Who,
  signal: AbortSignal,
  waiting: (why: string) => void,
) {
  const { name, address, apiUrl, cluster } = settings;
  const looking = createCoordinator({ ...access, namespace: config.etcd.namespace, cluster, clock });
  try {
    const self = { name, postgres: address, apiUrl };
    return await preflightObserver(
      { clock, coordinator: looking, parseConfig: readSharedPolicy, self, keptLease, waiting },
      signal,
    );
  } finally {
    looking.close();
  }
}

function settingsOf(config: ObserverConfig): ObserverSettings {
  const address = config.api.connect ?? config.api.listen;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    cluster: config.cluster,
    name: memberName(config.member.name),
    location: config.member.location,
    address,
    apiUrl: `http://${host}:${address.port}`,
    shared: defaultPolicy(),
  };
}

/** What is in force until a member with PostgreSQL has written something else into etcd. */
function defaultPolicy(): SharedConfig {
  const policy = readSharedPolicy('{}');
  if (!policy.ok) throw new Error(`the defaults of the shared configuration cannot be read: ${policy.error}`);
  return policy.value;
}
