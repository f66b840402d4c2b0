/** The command line: verbs, options and their help. What they do is handed in, so that this can be tested by itself. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { configFileDefault } from '../config/load.ts';
import { parseDuration } from '../config/quantity.ts';
import { isMonth } from '../core/sla/accounting/zone.ts';
import type { Ms } from '../core/units.ts';
import { type IncidentVerbs, incidentCommands } from './incident/commands.ts';
import { type AnnounceFlags, instant, plannedCommands } from './program-planned.ts';
import { since, type Since } from './since.ts';
import { REPORT_FORMATS } from './sla-documents.ts';

export interface CommonOptions {
  readonly config: string;
  readonly api?: string;
  readonly json?: true;
  readonly timeout?: Ms;
}

export interface ChangeFlags extends CommonOptions {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly reason: string;
  readonly wait: boolean;
  readonly candidate?: string;
  readonly allowDataLoss?: true;
  readonly oldPrimaryIsFenced?: true;
}

export interface ResumeFlags extends CommonOptions {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly reason: string;
}

export interface SlaReportFlags extends CommonOptions {
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
  readonly contract?: string;
  readonly format: (typeof REPORT_FORMATS)[number];
}

export interface ReplayFlags {
  readonly config: string;
  readonly json?: true;
  readonly set?: readonly string[];
  readonly since?: Since;
  readonly journal?: string;
}

export interface Verbs {
  status(options: CommonOptions & { readonly watch?: true | Ms }): Promise<void>;
  explain(options: CommonOptions): Promise<void>;
  replay(options: ReplayFlags): Promise<void>;
  history(options: CommonOptions): Promise<void>;
  readonly incident: IncidentVerbs;
  slaReport(options: SlaReportFlags): Promise<void>;
  slaExport(options: CommonOptions): Promise<void>;
  slaRuns(options: CommonOptions): Promise<void>;
  slaNearMisses(options: CommonOptions & { readonly since?: Since }): Promise<void>;
  maintenanceAnnounce(options: AnnounceFlags): Promise<void>;
  maintenanceList(options: CommonOptions): Promise<void>;
  maintenanceCancel(id: string, options: ResumeFlags): Promise<void>;
  drillRun(options: ChangeFlags): Promise<void>;
  drillList(options: CommonOptions): Promise<void>;
  slaBudget(options: CommonOptions): Promise<void>;
  notices(options: CommonOptions & { readonly all?: true }): Promise<void>;
  noticesTest(channel: string, options: CommonOptions): Promise<void>;
  change(kind: 'switchover' | 'failover', options: ChangeFlags): Promise<void>;
  resume(options: ResumeFlags): Promise<void>;
  version(options: { readonly json?: true }): Promise<void>;
}

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a precondition (named in the
error), 4 nobody answers, 5 outcome unknown.`;

export function buildProgram(verbs: Verbs): Command {
  const program = new Command('baton')
    .description('Shows and steers a PostgreSQL cluster that Baton keeps.')
    .configureHelp({ helpWidth: 80 })
    .addHelpText('after', exitCodes);

  common(program.command('status').description('who leads, each member, what is down, what to do next'))
    .option('-w, --watch [seconds]', 'redraw every so many seconds (2), until Ctrl-C', seconds)
    .action((options) => verbs.status(options));
  common(program.command('explain').description('who could take over, and what keeps the others from it')).action(
    (options) => verbs.explain(options),
  );
  configured(program.command('replay').description('what other limits would have made of the recorded decisions'))
    .option('--set <key=value...>', 'limits to try, like lease.ttl=3s failover.hang=1s')
    .option('--since <time>', 'an instant like 2008-04-24T09:15:00Z, or how long ago: 12h, 7d', since)
    .option('--journal <dir>', "a journal directory (default: this host's)")
    .action((options) => verbs.replay(options));
  common(program.command('history').description('every promotion: timelines and where they ended')).action((options) =>
    verbs.history(options),
  );

  incidentCommands(program, verbs.incident, common);

  const sla = program.command('sla').description('what the contracts come to');
  common(sla.command('report').description('availability, downtime, budget and credits of a month or a window'))
    .option('--month <month>', 'like 2008-04 (default: this one, so far)', month)
    .addOption(new Option('--from <instant>', 'of a window instead, like 2008-04-24T00:00:00+01:00').argParser(instant))
    .addOption(new Option('--to <instant>', 'when that window ends').argParser(instant))
    .option('--contract <id>', 'of this contract only')
    .addOption(new Option('--format <format>', 'how it is written').choices(REPORT_FORMATS).default('text'))
    .action((options) => verbs.slaReport(options));
  common(sla.command('runs').description('what was done on schedule, skipped or missed')).action((options) =>
    verbs.slaRuns(options),
  );
  common(sla.command('near-misses').description('doubts that healed, and how near they were to a failover'))
    .option('--since <time>', 'an instant like 2008-04-24T09:15:00Z, or how long ago: 12h, 7d', since)
    .action((options) => verbs.slaNearMisses(options));
  common(sla.command('export').description('the contracts as documents for other tools'))
    .requiredOption('--openslo', 'as OpenSLO v1, in YAML')
    .action((options) => verbs.slaExport(options));
  common(sla.command('budget').description('how much downtime each contract has left')).action((options) =>
    verbs.slaBudget(options),
  );

  const notices = common(
    program.command('notices').description('who was told what of outages, and what is not delivered'),
  )
    .option('--all', 'also what was delivered long ago')
    .action((options) => verbs.notices(options));
  common(notices.command('test').description('send a test through one channel, from this host'))
    .argument('<channel>', 'its id (shared.channels)')
    .action((channel, _own, command: Command) => verbs.noticesTest(channel, command.optsWithGlobals()));
  plannedCommands(program, verbs, { common, agreed, changing });

  changing(program.command('switchover').description('hand over to a standby as planned, without loss'))
    .option('--candidate <member>', 'who takes over (default: the best standby)')
    .action((options) => verbs.change('switchover', options));
  changing(program.command('failover').description('make a member the primary although the old one may not take part'))
    .requiredOption('--candidate <member>', 'who takes over')
    .option('--allow-data-loss', 'accept that acknowledged commits may be lost (--yes does not)')
    .option('--old-primary-is-fenced', 'you have made sure that the unreachable old primary is stopped')
    .action((options) => verbs.change('failover', options));

  agreed(program.command('resume').description('after repeated failovers: you have looked, automation goes on')).action(
    (options) => verbs.resume(options),
  );

  program
    .command('version')
    .description('the version of this command')
    .option('--json', 'one JSON document on standard output')
    .action((options) => verbs.version(options));
  return program;
}

const configured = (command: Command): Command =>
  command
    .addOption(
      new Option('-c, --config <file>', 'the configuration of the member on this host')
        .env('BATON_CONFIG')
        .default(configFileDefault),
    )
    .option('--json', 'one JSON document on standard output, also for errors');

const common = (command: Command): Command =>
  configured(command)
    .option('--api <url>', 'ask the daemon at this address instead of the one on this host', apiUrl)
    .option('--timeout <duration>', 'how long to wait: 500ms, 5s, 2m (default: 5s, changes 60s)', duration);

const agreed = (command: Command): Command =>
  common(command)
    .option('-y, --yes', 'do not ask; accepts no data loss')
    .option('--dry-run', 'show what would be done and what may be lost, and stop there')
    .addOption(new Option('--reason <text>', 'why, for the record').default('', 'none'));

const changing = (command: Command): Command =>
  agreed(command)
    .addOption(new Option('--wait', 'follow it to its end').default(true, 'yes'))
    .option('--no-wait', 'return as soon as it is accepted');

function duration(text: string): Ms {
  const parsed = parseDuration(text);
  if (parsed === null || parsed === 0) throw new InvalidArgumentError('Write a duration like 500ms, 5s or 2m.');
  return parsed;
}

function seconds(text: string): Ms {
  const value = Number(text);
  if (!(value >= 0.2 && value <= 3_600)) throw new InvalidArgumentError('Write seconds, from 0.2 to 3600.');
  return value * 1_000;
}

function month(text: string): string {
  if (!isMonth(text)) throw new InvalidArgumentError('Write a month like 2008-04.');
  return text;
}

function apiUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('Write a URL like http://10.0.0.1:8008.');
  return text;
}
