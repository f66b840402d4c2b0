/**
 * Sets up what is missing, then runs a command on the project's own Node and programs. So every npm script works as
 * the first command in a fresh clone. Usage: node scripts/with-setup.mjs [--packages] COMMAND [ARGUMENT...]
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { pathOf, root, setUp } from './setup.mjs';

const packagesOnly = process.argv[2] === '--packages';
const [command, ...args] = process.argv.slice(packagesOnly ? 3 : 2);

try {
  if (command === undefined) throw new Error('usage: node scripts/with-setup.mjs [--packages] COMMAND [ARGUMENT...]');
  setUp({ packagesOnly });
  run();
} catch (error) {
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exitCode = 1;
}

/** The child decides how it ends: a signal to this process is handed on, and its exit status becomes ours. */
function run() {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: pathOf({ withProject: true }) },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));
  child.once('error', (error) => {
    process.stderr.write(`cannot run ${command}: ${error.message}\n`);
    process.exitCode = 1;
  });
  // A terminal sends Ctrl-C to the child as well; a second one would mean "at once".
  const forward = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    process.exit();
  });
}
