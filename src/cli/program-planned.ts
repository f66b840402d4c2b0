/** The part of the command line that is about announced maintenance and drills. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ResumeFlags, Verbs } from './program.ts';

export interface AnnounceFlags extends ResumeFlags {
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly contract?: readonly string[];
  readonly site?: readonly string[];
}

/** Adds the options that verbs of a kind have in common. */
type Adds = (command: Command) => Command;

export function plannedCommands(
  program: Command,
  verbs: Verbs,
  { common, agreed, changing }: { readonly common: Adds; readonly agreed: Adds; readonly changing: Adds },
): void {
  const maintenance = program.command('maintenance').description('announced windows in which service may be away');
  agreed(maintenance.command('announce').description('put a window on record before it begins'))
    .requiredOption('--from <instant>', 'when it begins, like 2008-05-04T02:00:00+01:00', instant)
    .requiredOption('--to <instant>', 'when it ends', instant)
    .option('--contract <id...>', 'only for these contracts (default: everything)')
    .option('--site <id...>', 'only for these sites')
    .action((options) => verbs.maintenanceAnnounce(options));
  common(maintenance.command('list').description('what is announced, and what it means for each contract')).action(
    (options) => verbs.maintenanceList(options),
  );
  agreed(maintenance.command('cancel').description('call one off'))
    .argument('<id>', 'its id')
    .action((id, options) => verbs.maintenanceCancel(id, options));

  const drill = program.command('drill').description('switchovers that prove that they work');
  changing(drill.command('run').description('make one now, if the cluster can afford it'))
    .option('--candidate <member>', 'who takes over (default: the best standby)')
    .action((options) => verbs.drillRun(options));
  common(
    drill.command('list').description('past drills with their outage and verdict, and why others were skipped'),
  ).action((options) => verbs.drillList(options));
}

/** As RFC 3339 in UTC. */
export function instant(text: string): string {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Write an instant with its zone, like 2008-05-04T02:00:00+01:00.');
  return new Date(at).toISOString();
}
