/**
 * A process that is many clusters to etcd: `load.ts ENDPOINTS FROM COUNT`. Says `ready` once all of them are there, and
 * `failures N` each second after that; ends when its standard input does.
 */
import { createSystemClock } from '../../../src/adapters/system-clock.ts';
import { memberName, second } from '../../../src/core/units.ts';
import { LoadedMember } from './loaded-member.ts';

const [endpoints = '', from = '0', count = '0'] = process.argv.slice(2);
const clock = createSystemClock();
const ending = new AbortController();
const [first, other] = [memberName('a'), memberName('b')];
const members = Array.from({ length: Number(count) }, (_, at) => `load-${Number(from) + at}`).flatMap((cluster) =>
  [first, other].map(
    (name) =>
      new LoadedMember({
        ...{ clock, cluster, name, endpoints: endpoints.split(',') },
        leadsOver: name === first ? other : null,
      }),
  ),
);
process.stdin.on('end', () => {
  ending.abort();
  for (const member of members) member.close();
  process.exit(0);
});
process.stdin.resume();
// One after the other: what a start costs is not what is measured, and hosts do not start together.
for (const member of members) await member.start(ending.signal);
process.stdout.write('ready\n');
const tell = () => {
  process.stdout.write(`failures ${members.reduce((sum, { failures }) => sum + failures, 0)}\n`);
  clock.timer(second, tell);
};
tell();
