/** batond: reads the configuration and runs what its role asks for. Each role is a program of its own: see run-*.ts. */
import { Command } from 'commander';
import { checkHost, checkObserverHost } from '../config/check-host.ts';
import { configFileDefault, loadConfig } from '../config/load.ts';
import { notifyWarnings, readNotifySecrets } from '../config/notify-host.ts';
import { problemText } from '../config/problem.ts';
import { keepCompiledCode, startAgainIfCompiled } from './compiled-code.ts';
import { exitRefusedConfiguration, refuse } from './exits.ts';
import { secretOwners } from './secret-owners.ts';
import { version } from './version.ts';

async function main(): Promise<void> {
  keepCompiledCode();
  const command = new Command('batond')
    .description('Keeps one PostgreSQL primary serving: run one on every database host, and an observer elsewhere.')
    .version(version)
    .option('-c, --config <file>', 'configuration file', configFileDefault)
    .option('--check', 'check the configuration and this host, then exit')
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitRefusedConfiguration));
  const { config: file, check } = command.parse().opts<{ config: string; check?: boolean }>();

  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) refuse(problemText(file, loaded.error));
  const { value } = loaded;
  const hostProblems =
    value.role === 'observer' ? await checkObserverHost(value.config) : await checkHost(value.config);
  if (hostProblems.length > 0) refuse(problemText(file, hostProblems));
  const runAs = value.role === 'observer' ? undefined : value.config.postgres.runAs;
  const secrets = await readNotifySecrets(value.config.notify, await secretOwners(runAs));
  // What is shared is in etcd: an observer's log tells which channels it cannot use.
  const shared = value.role === 'observer' ? { channels: [] } : value.config.shared;
  const warnings = [...value.warnings, ...notifyWarnings({ notify: value.config.notify, shared }, secrets)];
  if (warnings.length > 0) process.stderr.write(`${problemText(file, warnings)}\n`);
  if (check === true) {
    process.stdout.write(`${file}: nothing wrong\n`);
    return;
  }
  // Loaded only now: a process that observes has no code that promotes, and none that fences.
  if (value.role === 'observer') {
    const { runObserver } = await import('./run-observer.ts');
    startAgainIfCompiled();
    await runObserver(file, value.config);
  } else {
    const { runMember } = await import('./run-member.ts');
    startAgainIfCompiled();
    await runMember(file, value);
  }
}

await main();
