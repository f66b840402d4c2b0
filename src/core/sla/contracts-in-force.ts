/**
 * Which contracts rule: the terms on record, whatever the configuration says under the same version now. Everything that
 * judges, accounts or tells reads the result, so an account of a month that is over stays what it was.
 */
import { canonicalJson } from '../canonical-json.ts';
import { endOf, startOf, type Contract } from './contract.ts';
import { listed } from './text-layout.ts';
import { type ContractsOnRecord, isSameVersion, recordedWith, termsToRecord } from './terms-on-record.ts';

/** For whoever mends the configuration: the key as it is written there, what is wrong, and what to do. */
export interface ContractProblem {
  readonly path: string;
  readonly problem: string;
  readonly mend: string;
}

export const sentenceOf = ({ path, problem, mend }: ContractProblem): string => `${path}: ${problem}. To do: ${mend}`;

export interface ContractsInForce {
  /** Those of the configuration first, in its order; then what was taken out of it. Those never in force are left out. */
  readonly contracts: readonly Contract[];
  readonly problems: readonly ContractProblem[];
}

/** `now`: ms since the epoch. What nobody has put on record yet rules as it will be put there. */
export function contractsInForce(
  configured: readonly Contract[],
  recorded: ContractsOnRecord,
  now: number,
): ContractsInForce {
  const ruling = recordedWith(recorded, termsToRecord(configured, recorded, now));
  const ofRecord = (one: Contract): Contract | undefined => ruling.find((each) => isSameVersion(each, one));
  const isUnreadable = (one: Contract): boolean =>
    ofRecord(one) === undefined && recorded.unreadable.some((each) => isSameVersion(each, one));
  const removed = ruling
    .filter((each) => !configured.some((one) => isSameVersion(one, each)))
    .toSorted((one, other) => (one.id === other.id ? one.version - other.version : one.id < other.id ? -1 : 1));
  const kept = configured.flatMap((one) => {
    const terms = ofRecord(one);
    // A customer's name is how a contract is called, and no term of it.
    if (terms !== undefined) return [{ ...terms, customer: one.customer }];
    return isUnreadable(one) ? [one] : [];
  });
  return {
    contracts: [...kept, ...removed].filter((each) => startOf(each) < endOf(each)),
    problems: [
      ...unreadableProblems(recorded),
      ...configured.flatMap((one, index) => (isUnreadable(one) ? [] : problemsOf(one, index, ofRecord(one) ?? null))),
      ...removed.filter((each) => endOf(each) === Infinity).map(removedProblem),
    ],
  };
}

/** Where each term is written. Its customer's name is none, and its validity is looked at by itself. */
const terms = {
  sites: 'sites',
  timeZone: 'zone',
  serviceHours: 'hours',
  holidays: 'holidays',
  rtoMs: 'rto',
  rpoBytes: 'rpo.bytes',
  rpoMs: 'rpo.time',
  detectionMs: 'detection',
  availability: 'availability',
  exclusions: 'maintenance',
  creditBands: 'credits',
} as const satisfies Partial<Record<keyof Contract, string>>;

const raise = 'raise its version, and say with validFrom from when that holds';

function problemsOf(configured: Contract, index: number, ruling: Contract | null): readonly ContractProblem[] {
  const at = (key: string): string => `contracts[${index}].${key}`;
  const name = `contract ${configured.id} version ${configured.version}`;
  if (ruling === null || startOf(ruling) >= endOf(ruling)) {
    const problem = `${name} is in force at no time: on record another version is, or it ended before it began`;
    return [{ path: at('validFrom'), problem, mend: raise }];
  }
  const changed = Object.entries(terms).flatMap(([term, key]) => {
    const [now, was] = [configured, ruling].map((each) => canonicalJson(each[term as keyof typeof terms]));
    return now === was ? [] : [at(key)];
  });
  const inPlace = {
    path: listed(changed),
    problem: `${name} was changed after it was put on record: the terms on record rule`,
    mend: raise,
  };
  return [...(changed.length === 0 ? [] : [inPlace]), ...validityProblems(configured, ruling, at, name)];
}

function validityProblems(
  configured: Contract,
  ruling: Contract,
  at: (key: string) => string,
  name: string,
): readonly ContractProblem[] {
  const problems: ContractProblem[] = [];
  if (startOf(configured) !== startOf(ruling))
    problems.push({
      path: at('validFrom'),
      problem: `${name} is in force ${ruling.validFrom === null ? 'without a beginning' : `from ${ruling.validFrom}`} on record`,
      mend: `${ruling.validFrom === null ? 'take validFrom out' : `write that`}, or ${raise}`,
    });
  if (endOf(configured) !== endOf(ruling))
    problems.push({
      path: at('validTo'),
      problem: `${name} ends at ${ruling.validTo ?? 'no time'} on record, and a month that is over keeps its terms`,
      mend: `write that, or ${raise}`,
    });
  return problems;
}

const unreadableProblems = ({ unreadable }: ContractsOnRecord): readonly ContractProblem[] =>
  unreadable.map(({ id, version }) => ({
    path: `contracts/${id}/${version}`,
    problem: `the record of contract ${id} version ${version} cannot be read here`,
    mend: 'bring batond on this host to the version of the others; if all are alike, delete that key in etcd: a member that has it on its disk puts it back',
  }));

const removedProblem = ({ id, version }: Contract): ContractProblem => ({
  path: 'contracts',
  problem: `contract ${id} version ${version} was taken out before it ended: on record it goes on`,
  mend: 'put it back and end it with validTo; once it has ended it may be taken out',
});
