/** All kinds of faults. To add one: a spec in the file of its family. */
import type { Random } from '../clock/random.ts';
import { diskFaults } from './disk.ts';
import { etcdFaults } from './etcd.ts';
import type { Aim, Fault, FaultSpec } from './fault.ts';
import { garbageFaults } from './garbage.ts';
import { hostFaults } from './host.ts';
import { networkFaults } from './network.ts';
import { operatorFaults } from './operator.ts';
import { postgresFaults } from './postgres.ts';
import { processFaults } from './processes.ts';

const specs = {
  ...hostFaults,
  ...processFaults,
  ...postgresFaults,
  ...diskFaults,
  ...networkFaults,
  ...etcdFaults,
  ...garbageFaults,
  ...operatorFaults,
};
export type FaultKind = keyof typeof specs;
export const faultKinds = Object.keys(specs) as readonly FaultKind[];

export const specOf = (kind: FaultKind): FaultSpec => specs[kind];

export const aFault = (kind: FaultKind, aim: Aim, random: Random, strength = 0.5): Fault =>
  specOf(kind).draw({ aim, random, strength });
