/** Money neither appears nor vanishes, in any read and in the end; and every account follows from its transfers. */
import { type History, nameOf, type Operation } from './history.ts';
import type { Findings } from './findings.ts';

export function checkBalances({ operations, final, accounts, openingBalance }: History, findings: Findings): void {
  const expectedTotal = accounts * openingBalance;
  for (const operation of operations) {
    const { action, outcome } = operation;
    if (outcome === 'ok' && action.kind === 'read-total' && action.total !== expectedTotal)
      findings.add('brokenBalances', () => `${nameOf(operation)} saw ${action.total} instead of ${expectedTotal}`);
  }
  const expected = balancesAfter(
    operations.filter(({ id }) => final.transfers.has(id)),
    accounts,
    openingBalance,
  );
  for (const [account, balance] of expected) {
    const found = final.balances.get(account);
    if (found !== balance)
      findings.add('brokenBalances', () => `account ${account} has ${found}, its transfers make ${balance}`);
  }
}

function balancesAfter(
  applied: readonly Operation[],
  accounts: number,
  openingBalance: number,
): ReadonlyMap<number, number> {
  const balances = new Map(Array.from({ length: accounts }, (_, account) => [account, openingBalance]));
  const add = (account: number, amount: number) => balances.set(account, (balances.get(account) ?? 0) + amount);
  for (const { action } of applied) {
    if (action.kind !== 'transfer') continue;
    add(action.source, -action.amount);
    add(action.destination, action.amount);
  }
  return balances;
}
