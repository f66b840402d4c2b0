/** What the operating system refuses, told apart from bugs. */

/** An error of the operating system: it has a code such as ENOENT and names the path. */
export const isSystemError = (thrown: unknown): thrown is NodeJS.ErrnoException =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && 'syscall' in thrown;

export const hasCode = (thrown: unknown, ...codes: readonly string[]): boolean =>
  isSystemError(thrown) && thrown.code !== undefined && codes.includes(thrown.code);
