import { describe, expect, test } from 'vitest';
import { policyInForce } from '../../../../src/core/sla/notices/policy-in-force.ts';
import { aPolicy } from './stories.ts';

const policy = aPolicy();
const [first] = policy.contracts;
if (first === undefined) throw new Error('the story has contracts');
const { contract } = first;

describe('who is told of a contract', () => {
  test('is as it is configured, by the terms that rule', () => {
    const ruling = { ...contract, rtoMs: contract.rtoMs + 1, sites: ['st-marks'] };
    expect(policyInForce(policy, [ruling]).contracts).toEqual([
      { ...first, contract: ruling, sites: [expect.objectContaining({ id: 'st-marks' })] },
    ]);
  });

  test('is whoever answers for its newest version, where that version was taken out of the configuration', () => {
    const newest = { ...first, contract: { ...contract, version: 3 }, channels: ['hook'] };
    const configured = aPolicy({ contracts: [first, newest] });
    const ruling = { ...contract, version: 2 };
    expect(policyInForce(configured, [ruling, contract]).contracts.map(({ channels }) => channels)).toEqual([
      ['hook'],
      first.channels,
    ]);
  });

  test('is nobody where the contract is no longer configured', () => {
    expect(policyInForce(policy, [{ ...contract, id: 'gone' }]).contracts).toEqual([]);
  });
});
