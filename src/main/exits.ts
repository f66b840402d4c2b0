/** How batond ends when it cannot begin: docs/operations.md lists the exit status. */
export const exitRefusedConfiguration = 2;
const exitFailed = 1;

export function refuse(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(exitRefusedConfiguration);
}

export function fail(text: string): never {
  process.stderr.write(`batond: ${text}\n`);
  process.exit(exitFailed);
}
