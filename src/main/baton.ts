#!/usr/bin/env node
/** The command `baton`: puts the verbs together with this process, its configuration, and etcd. */
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createCoordinator } from '../adapters/etcd/create-coordinator.ts';
import { checkEntry } from '../adapters/journal/ledger-chain.ts';
import { extractEntries } from '../adapters/journal/ledger-extract.ts';
import { journalIn, journalTexts } from '../adapters/journal/journal-lines.ts';
import { createSystemClock } from '../adapters/system-clock.ts';
import { createApiClient } from '../cli/api-client.ts';
import { callerName } from '../cli/caller.ts';
import { createEtcdReader } from '../cli/etcd-reader.ts';
import { type Failure, usage } from '../cli/failure.ts';
import type { CommonOptions } from '../cli/program.ts';
import { type Connection, run } from '../cli/run.ts';
import type { JournalHost } from '../cli/replay/replay.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { problemText } from '../config/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readEtcdAccess } from './etcd-access.ts';
import { processTerminal } from './process-terminal.ts';
import { version } from './version.ts';

const clock = createSystemClock();
const uid = process.getuid?.() ?? 0;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error('interrupted')));
}
// A reader that has gone (`baton status | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2), {
    terminal: processTerminal(),
    clock,
    signal: interrupted.signal,
    version,
    caller: callerName(process.env, uid, hostname()),
    ledger: { checkEntry, extract: extractEntries },
    journal: { files: journalIn, texts: journalTexts, host: journalHost },
    connect,
  });
} finally {
  clock.close();
}

async function connect(options: CommonOptions): Promise<Result<Connection, Failure>> {
  if (options.api !== undefined)
    return ok({ api: createApiClient({ kind: 'url', url: new URL(options.api) }, clock), etcd: null });
  const loaded = configured(options.config, 'Name the configuration with --config FILE, or a daemon with --api URL.');
  if (!loaded.ok) return loaded;
  const config = loaded.value;
  return ok({
    api: createApiClient({ kind: 'socket', path: join(config.state, 'batond.sock') }, clock),
    etcd: createEtcdReader(config.cluster, () => openEtcd(config), clock),
  });
}

function configured(file: string, hint: string): Result<LoadedConfig['config'], Failure> {
  const loaded = loadConfig(file, process.env);
  return loaded.ok ? ok(loaded.value.config) : err(usage(problemText(file, loaded.error), hint));
}

function journalHost(file: string): Result<JournalHost, Failure> {
  const config = configured(
    file,
    'Name the configuration with --config FILE, or a copy of a journal with --journal DIR.',
  );
  if (!config.ok) return config;
  const { state, etcd } = config.value;
  return ok({ stateDirectory: state, electionTimeoutMs: etcd.electionTimeout });
}

/** Secret files may belong to whoever batond runs as: the owner of its state directory. */
async function openEtcd({ cluster, etcd, state }: LoadedConfig['config']) {
  const daemonUid = await stat(state).then(
    (found) => found.uid,
    () => uid,
  );
  const access = await readEtcdAccess(etcd, [uid, daemonUid]);
  return access.ok ? ok(createCoordinator({ ...access.value, namespace: etcd.namespace, cluster, clock })) : access;
}
