/** Puts the verbs of `baton incident` together with what a run of the command has. */
import type { Result } from '../../core/result.ts';
import type { Case } from '../../core/sla/case/case.ts';
import type { Failure } from '../failure.ts';
import type { CommonOptions } from '../program.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { type Addition, addToIncident } from './add.ts';
import { acknowledge, action, actionDone, cause, note, review, signOff } from './additions.ts';
import { amend } from './amend.ts';
import type { AddFlags, IncidentVerbs } from './commands.ts';
import { incidentEvidence } from './evidence.ts';
import { incidentExportVerb } from './export.ts';
import { incidentList, incidentShow } from './show.ts';
import { incidentStatement } from './statement.ts';
import { incidentVerify, type LedgerReading } from './verify.ts';

export interface IncidentDeps {
  readonly caller: string;
  readonly version: string;
  readonly ledger: LedgerReading;
  /** Connects, runs and prints. */
  readonly reading: (options: CommonOptions, verb: (context: VerbContext) => VerbResult) => Promise<void>;
  /** Prints what needs no connection. */
  readonly printing: (result: Awaited<VerbResult>, json: boolean) => void;
}

export function incidentVerbs({ caller, version, ledger, reading, printing }: IncidentDeps): IncidentVerbs {
  const adding = (id: string, flags: AddFlags, plan: (held: Case) => Result<Addition, Failure>) =>
    reading(flags, (context) =>
      addToIncident(context, id, { caller, yes: flags.yes === true, dryRun: flags.dryRun === true }, plan),
    );
  return {
    list: (options) => reading(options, incidentList),
    show: (id, options) => reading(options, (context) => incidentShow(context, id)),
    acknowledge: (id, options) => adding(id, options, acknowledge(options.note)),
    note: (id, text, options) => adding(id, options, note(text)),
    cause: (id, options) => {
      const { trigger, rootCause, factor } = options;
      return adding(id, options, cause({ trigger, rootCause, factors: factor }));
    },
    action: (id, text, options) => adding(id, options, action({ text, owner: options.owner, due: options.due })),
    actionDone: (id, number, options) => adding(id, options, actionDone(number, options.note)),
    review: (id, text, options) => adding(id, options, review(text)),
    signOff: (id, options) => adding(id, options, signOff(options.note)),
    amend: (id, options) => adding(id, options, amend(options.set, options.reason)),
    evidence: (id, options) => reading(options, (context) => incidentEvidence(context, id, options.member ?? null)),
    export: (id, options) => {
      const { format = null, to = null } = options;
      return reading(options, (context) => incidentExportVerb(context, id, { format, to, version }));
    },
    statement: (id, options) => reading(options, (context) => incidentStatement(context, id, options.service ?? null)),
    verify: async (file, options) =>
      printing(await incidentVerify(ledger, file, { version, ledger: options.ledger ?? null }), options.json === true),
  };
}
