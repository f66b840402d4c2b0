/** One run of the command: parses, connects, runs the verb, prints, and gives the exit code. */
import { type Command, CommanderError } from 'commander';
import { err, ok, type Result } from '../core/result.ts';
import { second } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Api } from './api-client.ts';
import { change } from './change.ts';
import type { EtcdReader } from './etcd-reader.ts';
import { drillList, drillRun } from './drill.ts';
import { explain } from './explain.ts';
import { EXIT, type ExitCode, type Failure, usage } from './failure.ts';
import { history } from './history.ts';
import { incidentVerbs } from './incident/verbs.ts';
import type { LedgerReading } from './incident/verify.ts';
import { maintenanceAnnounce, maintenanceCancel, maintenanceList } from './maintenance.ts';
import { notices, noticesTest } from './notices.ts';
import { print, printFailure } from './print.ts';
import { buildProgram, type ChangeFlags, type CommonOptions, type ResumeFlags, type Verbs } from './program.ts';
import type { JournalReading } from './replay/read-journal.ts';
import { type JournalHost, replayVerb } from './replay/replay.ts';
import { resume } from './resume.ts';
import { slaBudget, slaReportVerb } from './sla.ts';
import { slaDocument, slaExport } from './sla-documents.ts';
import { slaNearMisses } from './sla-near-misses.ts';
import { slaRuns } from './sla-runs.ts';
import { sinceWall } from './since.ts';
import { status } from './status.ts';
import type { Terminal } from './terminal.ts';
import type { VerbContext, VerbResult } from './verb.ts';
import { watch } from './watch.ts';

export interface RunDeps {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly version: string;
  /** `user@host`, for the record. */
  readonly caller: string;
  /** What `incident verify` reads ledgers with. */
  readonly ledger: LedgerReading;
  /** What `replay` reads journals with, and where this host has its own. */
  readonly journal: JournalReading & { readonly host: (configFile: string) => Result<JournalHost, Failure> };
  /** Finds the daemon and etcd by the options; reads the configuration file only when it needs it. */
  connect(options: CommonOptions): Promise<Result<Connection, Failure>>;
}

export interface Connection {
  readonly api: Api;
  readonly etcd: EtcdReader | null;
}

const askLimitMs = 5 * second;
const changeLimitMs = 60 * second;
/** Longer than the daemon gives a channel. */
const testLimitMs = 15 * second;
const watchEveryMs = 2 * second;

export async function run(argv: readonly string[], deps: RunDeps): Promise<ExitCode> {
  const { terminal } = deps;
  let exit: ExitCode = EXIT.done;

  const withContext = async (
    options: CommonOptions,
    limitMs: number,
    act: (context: VerbContext) => Promise<ExitCode>,
  ) => {
    const connection = await deps.connect(options);
    if (!connection.ok) {
      exit = printFailure(connection.error, options.json === true, terminal);
      return;
    }
    const { clock, signal } = deps;
    exit = await act({ ...connection.value, terminal, clock, signal, askLimitMs: limitMs });
  };
  const reading = (options: CommonOptions, verb: (context: VerbContext) => VerbResult) =>
    withContext(options, options.timeout ?? askLimitMs, async (context) =>
      print(await verb(context), options.json === true, terminal),
    );

  const agreement = ({ reason, yes, dryRun }: ResumeFlags) => ({
    caller: deps.caller,
    reason,
    yes: yes === true,
    dryRun: dryRun === true,
  });
  const verbs: Verbs = {
    status: (options) => {
      if (options.watch === undefined) return reading(options, status);
      const everyMs = options.watch === true ? watchEveryMs : options.watch;
      return withContext(options, options.timeout ?? askLimitMs, (context) =>
        watch(context, everyMs, options.json === true, () => status(context)),
      );
    },
    explain: (options) => reading(options, explain),
    history: (options) => reading(options, history),
    replay: async ({ config, json, set = [], since, journal = null }) => {
      const { clock, signal } = deps;
      const asked = { settings: set, since: sinceWall(since, clock.wall()), journal, signal };
      exit = print(await replayVerb(deps.journal, () => deps.journal.host(config), asked), json === true, terminal);
    },
    slaReport: ({ format, ...options }) =>
      reading(options, (context) => {
        const contract = options.contract ?? null;
        if (format === 'text') return slaReportVerb(context, options, contract);
        if (options.from === undefined && options.to === undefined)
          return slaDocument(context, format, options.month ?? null, contract);
        const hint = 'Leave --format out, or name a --month.';
        return Promise.resolve(err(usage('Documents are of a month; a window is told as text or --json.', hint)));
      }),
    slaExport: (options) => reading(options, slaExport),
    slaRuns: (options) => reading(options, slaRuns),
    slaNearMisses: (options) =>
      reading(options, (context) => slaNearMisses(context, sinceWall(options.since, context.clock.wall()))),
    maintenanceAnnounce: (options) =>
      reading(options, (context) =>
        maintenanceAnnounce(context, {
          ...agreement(options),
          from: options.from,
          to: options.to,
          contracts: options.contract ?? null,
          sites: options.site ?? null,
        }),
      ),
    maintenanceList: (options) => reading(options, maintenanceList),
    maintenanceCancel: (id, options) =>
      reading(options, (context) => maintenanceCancel(context, { ...agreement(options), id })),
    drillRun: (options) => {
      const waitLimitMs = options.timeout ?? changeLimitMs;
      return withContext(options, Math.min(askLimitMs, waitLimitMs), async (context) =>
        print(
          await drillRun(context, { ...changeOptions('switchover', options), caller: deps.caller, waitLimitMs }),
          options.json === true,
          terminal,
        ),
      );
    },
    drillList: (options) => reading(options, drillList),
    slaBudget: (options) => reading(options, slaBudget),
    incident: incidentVerbs({
      ...{ caller: deps.caller, version: deps.version, ledger: deps.ledger, reading },
      printing: (result, json) => {
        exit = print(result, json, terminal);
      },
    }),
    notices: (options) => reading(options, (context) => notices(context, options.all === true)),
    noticesTest: (channel, options) =>
      withContext(options, options.timeout ?? testLimitMs, async (context) =>
        print(await noticesTest(context, channel), options.json === true, terminal),
      ),
    change: (kind, options) => {
      const waitLimitMs = options.timeout ?? changeLimitMs;
      return withContext(options, Math.min(askLimitMs, waitLimitMs), async (context) =>
        print(
          await change(context, { ...changeOptions(kind, options), caller: deps.caller, waitLimitMs }),
          options.json === true,
          terminal,
        ),
      );
    },
    resume: (options) => reading(options, (context) => resume(context, agreement(options))),
    version: async (options) => {
      const runtime = process.version.replace(/^v/, '');
      const answer = {
        json: { version: deps.version, node: runtime },
        text: `baton ${deps.version} (Node ${runtime})`,
      };
      exit = print(ok(answer), options.json === true, terminal);
    },
  };

  const asked = await parse(argv, verbs, terminal);
  return asked ?? exit;
}

const changeOptions = (kind: 'switchover' | 'failover', flags: ChangeFlags) => ({
  kind,
  candidate: flags.candidate ?? null,
  allowDataLoss: flags.allowDataLoss === true,
  oldPrimaryIsFenced: flags.oldPrimaryIsFenced === true,
  reason: flags.reason,
  yes: flags.yes === true,
  dryRun: flags.dryRun === true,
  wait: flags.wait,
});

const withAllBelow = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(withAllBelow)];

/** Null when a verb ran; the exit code when the command line itself was the end of it (help, or a mistake). */
async function parse(argv: readonly string[], verbs: Verbs, terminal: Terminal): Promise<ExitCode | null> {
  const json = argv.includes('--json');
  const program = buildProgram(verbs);
  for (const command of withAllBelow(program)) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: () => undefined,
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return null;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return EXIT.done;
    const problem = thrown.code === 'commander.help' ? 'No verb was given.' : thrown.message.replace(/^error: /, '');
    return printFailure(usage(problem, 'See `baton --help`, or `baton VERB --help` for its options.'), json, terminal);
  }
}
