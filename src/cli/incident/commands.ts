/** The command line of `baton incident`: verbs, options and their help. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AMENDABLE } from '../../core/sla/case/amendable.ts';
import type { CommonOptions } from '../program.ts';
import { wrapText } from '../terminal.ts';
import { EXPORT_FORMATS, type ExportFormat } from './export.ts';

export interface AddFlags extends CommonOptions {
  readonly yes?: true;
  readonly dryRun?: true;
}

export interface IncidentVerbs {
  list(options: CommonOptions): Promise<void>;
  show(id: string, options: CommonOptions): Promise<void>;
  acknowledge(id: string, options: AddFlags & { readonly note: string }): Promise<void>;
  note(id: string, text: string, options: AddFlags): Promise<void>;
  cause(
    id: string,
    options: AddFlags & { readonly trigger: string; readonly rootCause: string; readonly factor: readonly string[] },
  ): Promise<void>;
  action(id: string, text: string, options: AddFlags & { readonly owner: string; readonly due: string }): Promise<void>;
  actionDone(id: string, number: number, options: AddFlags & { readonly note: string }): Promise<void>;
  review(id: string, text: string, options: AddFlags): Promise<void>;
  signOff(id: string, options: AddFlags & { readonly note: string }): Promise<void>;
  amend(id: string, options: AddFlags & { readonly set: readonly string[]; readonly reason: string }): Promise<void>;
  evidence(id: string, options: CommonOptions & { readonly member?: string }): Promise<void>;
  export(id: string, options: CommonOptions & { readonly format?: ExportFormat; readonly to?: string }): Promise<void>;
  statement(id: string, options: CommonOptions & { readonly service?: string }): Promise<void>;
  verify(file: string, options: { readonly json?: true; readonly ledger?: string }): Promise<void>;
}

const idHelp = 'its id, the beginning of it, or "last"';

/** `common` adds the options that every verb has. */
export function incidentCommands(program: Command, verbs: IncidentVerbs, common: (command: Command) => Command): void {
  const incident = program.command('incident').description('outages on record, and what people add to them');
  const reading = (name: string, description: string) => common(incident.command(name).description(description));
  const adding = (parent: Command, name: string, description: string) =>
    common(parent.command(name).description(description))
      .option('-y, --yes', 'do not ask')
      .option('--dry-run', 'show what would be added, and stop there')
      .argument('<id>', idHelp);

  reading('list', 'all incidents, newest last').action((options) => verbs.list(options));
  reading('show', 'timeline, phases, loss and verdicts of one, and what people added')
    .argument('<id>', idHelp)
    .action((id, options) => verbs.show(id, options));

  example(
    adding(incident, 'ack', 'acknowledge: you look after it')
      .option('--note <text>', 'what you say to it', '')
      .action((id, options) => verbs.acknowledge(id, options)),
    'baton incident ack last --note "on my way"',
  );
  example(
    adding(incident, 'note', 'write something down, also while it goes on')
      .argument('<text>', 'at most 4000 characters')
      .action((id, text, options) => verbs.note(id, text, options)),
    'baton incident note last "switch 3 in rack 7 was dark"',
  );
  example(
    adding(incident, 'cause', 'what set it off, why that became an outage, what made it worse')
      .requiredOption('--trigger <text>', 'what set it off')
      .requiredOption('--root-cause <text>', 'why that could become an outage')
      .option('--factor <text>', 'what contributed; may be given ten times', collected, [])
      .action((id, options) => verbs.cause(id, options)),
    'baton incident cause last --trigger "switch 3 lost power" --root-cause "one power feed for both paths" --factor "no alarm on the feed"',
  );
  const action = incident.command('action').description('what is to be done so that it does not come again');
  example(
    adding(action, 'add', 'ask somebody to do something by a day')
      .argument('<text>', 'what is to be done')
      .requiredOption('--owner <name>', 'who does it')
      .requiredOption('--due <date>', 'by the end of which day (UTC), like 2008-05-01', date)
      .action((id, text, options) => verbs.action(id, text, options)),
    'baton incident action add last "second power feed" --owner bob --due 2008-05-01',
  );
  example(
    adding(action, 'done', 'say that an action is done')
      .argument('<number>', 'of the action, as `show` has it', wholeNumber)
      .option('--note <text>', 'what you say to it', '')
      .action((id, number, options) => verbs.actionDone(id, number, options)),
    'baton incident action done last 1 --note "tested by pulling the plug"',
  );
  example(
    adding(incident, 'review', 'what comes of looking at it again, once it is over')
      .argument('<text>', 'at most 4000 characters')
      .action((id, text, options) => verbs.review(id, text, options)),
    'baton incident review last "detection was fast enough; the alarm was missing"',
  );
  example(
    adding(incident, 'sign-off', 'close the case: needs a cause, a review, and every action done')
      .option('--note <text>', 'what you say to it', '')
      .action((id, options) => verbs.signOff(id, options)),
    'baton incident sign-off last --yes',
  );
  adding(incident, 'amend', 'correct what was recorded; what it was stays readable')
    .requiredOption('--set <field=value>', 'what is right; may be given several times', collected)
    .option('--reason <text>', 'why: an amendment is refused without it', '')
    .addHelpText('after', amendHelp())
    .action((id, options) => verbs.amend(id, options));

  example(
    reading(
      'evidence',
      'what the members found on their own hosts at the time: journal, logs, control file, what was lost',
    )
      .argument('<id>', idHelp)
      .option('--member <name>', 'only what this member found')
      .action((id, options) => verbs.evidence(id, options)),
    'baton incident evidence last --member slough-a',
  );
  example(
    reading('export', 'everything in one file: JSON to be verified, HTML or Markdown to be read')
      .argument('<id>', idHelp)
      .addOption(
        new Option('--format <format>', 'json, md or html (default: by the ending of --to, else md)').choices(
          EXPORT_FORMATS,
        ),
      )
      .option('--to <file>', 'a new file (default: standard output)')
      .action((id, options) => verbs.export(id, options)),
    'baton incident export last --to outage.html',
  );
  example(
    reading('statement', 'a draft of the sentence for the public, in the time zone of those who read it')
      .argument('<id>', idHelp)
      .option('--service <text>', "what its users call it (default: the cluster's name)")
      .action((id, options) => verbs.statement(id, options)),
    'baton incident statement last --service "the hospital records system"',
  );
  example(
    incident
      .command('verify')
      .description('check a JSON export, offline: no daemon, no configuration')
      .argument('<file>', 'what `export --format json` wrote')
      .option('--ledger <path>', "a member's own state/ledger (the directory, or one file of it), to compare with")
      .option('--json', 'one JSON document on standard output, also for errors')
      .action((file, options) => verbs.verify(file, options)),
    'baton incident verify outage.json',
  );
}

const example = (command: Command, text: string): Command => command.addHelpText('after', `\nExample:\n  ${text}`);

const amendHelp = (): string =>
  [
    '',
    'Fields:',
    ...[...AMENDABLE]
      .filter(([field]) => !/^instants\.t[1-8]$/.test(field))
      .map(([field, { takes }]) => {
        const shown = field === 'instants.t0' ? 'instants.t0-t8' : field;
        return wrapText(takes, ' '.repeat(18), `  ${shown.padEnd(16)}`);
      }),
    '',
    'Example:',
    '  baton incident amend last --set instants.t7=2008-04-24T09:59:00+01:00 \\',
    '    --set loss.bytesMax=4KiB --reason "the trust\'s own log"',
  ].join('\n');

const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

function date(text: string): string {
  const day = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('Write a date like 2008-05-01.');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Write the number of the action, like 1.');
  return Number(text);
}
