/** Who is told what by the contracts that rule: channels are the configuration's, terms are those on record. */
import type { Contract } from '../contract.ts';
import type { ContractAudience, NoticePolicy } from './channel.ts';

/** A version that was taken out of the configuration is told to whoever answers for the newest one of its contract. */
export function policyInForce(policy: NoticePolicy, ruling: readonly Contract[]): NoticePolicy {
  return { ...policy, contracts: ruling.flatMap((contract) => audienceOf(contract, policy) ?? []) };
}

function audienceOf(contract: Contract, { contracts, sites }: NoticePolicy): ContractAudience | null {
  const ofIt = contracts
    .filter((each) => each.contract.id === contract.id)
    .toSorted((one, other) => other.contract.version - one.contract.version);
  const audience = ofIt.find((each) => each.contract.version === contract.version) ?? ofIt[0];
  if (audience === undefined) return null;
  const covered = sites.flatMap(({ site }) => (contract.sites.includes(site.id) ? [site] : []));
  return { ...audience, contract, sites: covered };
}
