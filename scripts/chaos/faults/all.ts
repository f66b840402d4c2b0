/** Every fault that chaos knows, and how `--fault` names them. */
import { families, type Fault } from '../fault.ts';
import { aimedFaults } from './aimed.ts';
import { clocks } from './clock.ts';
import { disks } from './disk.ts';
import { etcdFaults } from './etcd.ts';
import { freezes } from './freeze.ts';
import { kills } from './kill.ts';
import { operatorFaults } from './operator.ts';
import { partitions } from './partition.ts';
import { powerCuts } from './power.ts';
import { statements } from './sql.ts';

export const faults: readonly Fault[] = [
  ...kills,
  ...freezes,
  ...partitions,
  ...etcdFaults,
  ...powerCuts,
  ...aimedFaults,
  ...operatorFaults,
  ...disks,
  ...clocks,
  ...statements,
];

/** Of each family a part; in mode `available` it takes less than three minutes on two cores. */
const representative = [
  'kill-postmaster',
  'kill-host',
  'kill-batond',
  'freeze-postgres',
  'freeze-host-briefly',
  'cut-cluster',
  'cut-members-rejected',
  'etcd-leader-kill',
  'power-all-together',
  'aimed-promotion',
  'operator-manual-promote',
  'disk-hangs',
  'clock-back',
  'sql-logical-reader',
];

/** Of a name, a family, `representative` or `all`, in the order of `faults`. Throws for what is none of these. */
export function faultsNamed(names: readonly string[]): readonly Fault[] {
  const known = new Set(['all', 'representative', ...families, ...faults.map(({ name }) => name)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`no fault "${unknown}", there are: ${[...known].join(' ')}`);
  const isWanted = ({ name, family }: Fault): boolean =>
    names.includes('all') ||
    names.includes(family) ||
    names.includes(name) ||
    (names.includes('representative') && representative.includes(name));
  return faults.filter(isWanted);
}
