/**
 * Outlives its rig by a moment: its standard input is a pipe that only the rig holds open. When it ends, however the
 * rig ended (SIGKILL too), everything of the rig is killed and its directory removed.
 * Usage: node scripts/rig/reaper.ts JSON, the JSON being {rigId, directory, uid, keepDirectory}.
 */
import { sweep } from './sweep.ts';

const { keepDirectory, ...rig } = JSON.parse(process.argv[2] ?? '') as {
  readonly rigId: string;
  readonly directory: string;
  readonly uid: number;
  readonly keepDirectory: boolean;
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.on('error', () => process.stdin.destroy());
process.stdin.resume();
process.stdin.once('close', () => {
  sweep({ ...rig, member: null }, keepDirectory).catch((error: unknown) => {
    process.stderr.write(`the reaper of ${rig.directory} failed: ${String(error)}\n`);
    process.exitCode = 1;
  });
});
process.stdout.write('ready\n');
