/**
 * A process that holds a rig, to be ended in every way. Starts the rig and two more processes that only the reaper can
 * find: one by its working directory, one by its environment. Prints them as JSON, then ends as its argument says.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { asOwner, daemonOwner } from '../../scripts/rig/owner.ts';
import { findProcesses } from '../../scripts/rig/processes.ts';
import { startRig } from '../../scripts/rig/rig.ts';

const way = process.argv[2];
const rig = await startRig({ members: ['a'] });
const owner = daemonOwner();
const [byDirectory, ...args] = asOwner(owner, 'sleep', '600');
const hidden = [
  spawn(byDirectory, args, {
    cwd: join(rig.directory, 'a'),
    env: { PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
    detached: true,
  }),
  spawn('sleep', ['600'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', BATON_RIG: `${rig.id}:a` },
    stdio: 'ignore',
    detached: true,
  }),
].map(({ pid }) => pid);
const found = findProcesses({ rigId: rig.id, directory: rig.directory, member: null, uid: owner.uid }).map(
  ({ pid }) => pid,
);
process.stdout.write(`${JSON.stringify({ directory: rig.directory, hidden, found: [...found, ...hidden] })}\n`);

if (way === 'stop') await rig.stopAll();
else if (way === 'throw') throw new Error('thrown on purpose');
else if (way === 'exit') process.exit(5);
else setInterval(() => undefined, 1_000);
