/** batond beside a PostgreSQL. A composition root: makes the adapters, runs the loop. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createCoordinator } from '../adapters/etcd/create-coordinator.ts';
import { createGuardian } from '../adapters/guardian/create-guardian.ts';
import { livingGuardian } from '../adapters/guardian/guardian-processes.ts';
import { createTicker } from '../adapters/cron/ticker.ts';
import { createDaemonProbe } from '../adapters/http-probe/daemon-probe.ts';
import { createJournal } from '../adapters/journal/journal.ts';
import { createKeptState } from '../adapters/journal/kept-state.ts';
import { createLedger } from '../adapters/journal/ledger.ts';
import { createServiceBookmark } from '../adapters/journal/service-bookmark.ts';
import { createLogger } from '../adapters/journal/logger.ts';
import { createNotifier } from '../adapters/notify/create-notifier.ts';
import { createPostgres } from '../adapters/postgres/create-postgres.ts';
import type { PostgresOptions } from '../adapters/postgres/options.ts';
import { createPostgresPeers } from '../adapters/postgres/peers.ts';
import { createProcessHost } from '../adapters/process-host.ts';
import { createSystemClock } from '../adapters/system-clock.ts';
import { checkWritable } from '../config/check-directories.ts';
import type { LoadedMember } from '../config/load.ts';
import { type ConfigProblem, problemText } from '../config/problem.ts';
import { noticePolicy } from '../config/notice-policy.ts';
import { readNotifySecrets } from '../config/notify-host.ts';
import { jobsOf } from '../config/schedule-schema.ts';
import { readShared, readSharedPolicy } from '../config/shared.ts';
import { sharedPolicy } from '../config/shared-policy.ts';
import { explainView } from '../core/explain-view.ts';
import { copyId, memberName } from '../core/units.ts';
import { createSupervisor } from '../daemon/run-supervisor.ts';
import type { MemberSettings } from '../daemon/supervisor.ts';
import { leaseFile } from '../guardian/lease-file.ts';
import { serveApi } from '../http/serve.ts';
import { createEvidence } from './evidence.ts';
import { becomeUser } from './become-user.ts';
import { readEtcdAccess } from './etcd-access.ts';
import { fail, refuse } from './exits.ts';
import { guardianProgram } from './guardian-program.ts';
import { preflight } from './preflight.ts';
import { secret, secretOwners } from './secret-owners.ts';
import { version } from './version.ts';

export async function runMember(file: string, loaded: LoadedMember): Promise<void> {
  const { config } = loaded;
  const owners = await secretOwners(config.postgres.runAs);
  const etcd = await readEtcdAccess(config.etcd, owners);
  if (!etcd.ok) refuse(etcd.error);
  const access = etcd.value;
  // Read while still root: the files may be root's alone.
  const passwords = {
    superuser: await secret(config.postgres.superuser.passwordFile, owners),
    replication: await secret(config.postgres.replication.passwordFile, owners),
  };
  const notifySecrets = await readNotifySecrets(config.notify, owners);
  const become = await becomeUser(config);
  if (!become.ok) fail(`cannot work as ${config.postgres.runAs ?? 'this user'}: ${become.error}`);
  const unwritable = await checkWritable(config);
  if (unwritable.length > 0) refuse(problemText(file, unwritable));
  process.umask(0o077);

  const clock = createSystemClock();
  const log = createLogger({ level: config.log.level, format: config.log.format, member: config.member.name });
  const settings = settingsOf(loaded);
  const journal = createJournal({ directory: join(config.state, 'journal'), clock, log });
  const ledger = await createLedger({
    directory: join(config.state, 'ledger'),
    clock,
    log,
    retention: { keepMs: config.ledger.keep, bytesMax: config.ledger.maxSize },
  });
  const coordinator = createCoordinator({
    ...access,
    namespace: config.etcd.namespace,
    cluster: config.cluster,
    clock,
  });
  const superuser = { username: config.postgres.superuser.username, password: passwords.superuser };
  const postgresOptions: PostgresOptions = {
    clock,
    cluster: config.cluster,
    member: settings.name,
    binDir: config.postgres.binDir,
    dataDir: config.postgres.dataDir,
    stateDir: config.state,
    listen: config.postgres.listen,
    connect: settings.postgres,
    superuser,
    replication: { username: config.postgres.replication.username, password: passwords.replication },
    parameters: config.postgres.parameters,
    hba: config.postgres.hba,
    ...(config.postgres.clone.maxRate === undefined ? {} : { cloneBytesPerSecond: config.postgres.clone.maxRate }),
    ...(config.postgres.restoreCommand === undefined ? {} : { restoreCommand: config.postgres.restoreCommand }),
    log: { info: (message) => log.info(message), warn: (message) => log.warn(message) },
  };
  const postgres = createPostgres(postgresOptions);
  const host = createProcessHost({ outputPath: join(config.state, 'postgres.log') });
  const guardian = createGuardian({
    clock,
    host,
    program: guardianProgram(config),
    silentMs: settings.shared.guardian.silentMs,
    log: (event, details) => log.info(event, details),
  });

  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort(new Error(name)));
  log.info('batond starts', { version, cluster: config.cluster, etcd: config.etcd.endpoints.join(' ') });
  const supervisor = createSupervisor(
    {
      settings,
      clock,
      coordinator,
      guardian,
      postgres,
      peers: {
        ...createPostgresPeers({
          clock,
          member: settings.name,
          superuser,
          replicationUsername: config.postgres.replication.username,
        }),
        probeDaemon: createDaemonProbe(clock),
      },
      journal,
      log,
      ledger,
      evidence: createEvidence(postgresOptions, join(config.state, 'journal')),
      bookmark: createServiceBookmark({ directory: join(config.state, 'ledger'), member: settings.name }),
      kept: createKeptState({ directory: config.state }),
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
    face: supervisor.face,
    explain: explainView,
    onError: (error) => log.error('a request failed', { problem: error.stack ?? error.message }),
    signal: stopping.signal,
  });
  if (!api.ok) fail(api.error);
  // A living guardian means a restart: who this member is was settled when that was started.
  const wrong = livingGuardian(config.state, host) === null ? await beforeAnything() : [];
  if (wrong.length > 0) {
    stopping.abort(new Error('the configuration is refused'));
    await api.value.ended;
    refuse(problemText(file, wrong));
  }
  await Promise.all([supervisor.run(), api.value.ended]);
  // Guardian and postgres stay: this is a restart or an upgrade, not an outage.
  log.info('batond stops; guardian and postgres go on', { reason: String(stopping.signal.reason) });
  coordinator.close();
  await ledger.close();
  process.exit(0);

  async function beforeAnything(): Promise<readonly ConfigProblem[]> {
    const keptLease = await leaseFile(config.state).read();
    const looking = createCoordinator({ ...access, namespace: config.etcd.namespace, cluster: config.cluster, clock });
    try {
      return await preflight(
        {
          clock,
          coordinator: looking,
          postgres,
          parseConfig: readSharedPolicy,
          self: settings,
          dataDir: config.postgres.dataDir,
          keptLease,
          waiting: (why) => log.warn(why),
        },
        stopping.signal,
      );
    } finally {
      looking.close();
    }
  }
}

function settingsOf({ config, sharedText }: LoadedMember): MemberSettings {
  const api = config.api.connect ?? config.api.listen;
  const host = api.host.includes(':') ? `[${api.host}]` : api.host;
  return {
    cluster: config.cluster,
    name: memberName(config.member.name),
    location: config.member.location,
    priority: config.member.priority,
    nofailover: config.member.tags.nofailover,
    nosync: config.member.tags.nosync,
    postgres: config.postgres.connect ?? config.postgres.listen,
    apiUrl: `http://${host}:${api.port}`,
    shared: sharedPolicy(config.shared),
    sharedText,
  };
}
