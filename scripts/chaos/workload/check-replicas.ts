import type { FinalState, History } from './history.ts';
import type { Findings } from './findings.ts';

/** Whether the standbys hold what the leader holds. */
export function checkReplicas({ final, replicas }: Pick<History, 'final' | 'replicas'>, findings: Findings): void {
  for (const replica of replicas)
    for (const part of ['inserts', 'transfers', 'lists', 'balances'] as const)
      if (contentOf(replica, part) !== contentOf(final, part))
        findings.add('differingReplicas', () => `the ${part} of ${replica.target} are not those of ${final.target}`);
}

const contentOf = (state: FinalState, part: 'inserts' | 'transfers' | 'lists' | 'balances'): string =>
  JSON.stringify([...state[part]].toSorted(([one], [other]) => one - other));
