/** Every named scenario: `npm run simulate -- --scenario NAME` plays one. */
import { copyScenarios } from './copies.ts';
import { dataScenarios } from './data.ts';
import { etcdScenarios } from './etcd.ts';
import { hostScenarios } from './hosts.ts';
import { networkScenarios } from './network.ts';
import { operatorScenarios } from './operator.ts';
import { processScenarios } from './processes.ts';
import { recordScenarios } from './records.ts';
import { safetyTraces } from './safety-traces.ts';
import type { Scenario } from './scenario.ts';
import { storageScenarios } from './storage.ts';
import { threeMemberTraces } from './three-members.ts';

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...safetyTraces,
  ...copyScenarios,
  ...threeMemberTraces,
  ...processScenarios,
  ...hostScenarios,
  ...networkScenarios,
  ...etcdScenarios,
  ...operatorScenarios,
  ...dataScenarios,
  ...storageScenarios,
  ...recordScenarios,
};
