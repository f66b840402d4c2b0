/** How Node runs batond and guardian; `scripts/bin/run-node` has the same for batond. */

/**
 * The space for what has just been made grows to 48 MiB by itself, whatever a daemon needs: it makes some MiB a second,
 * and next to nothing of it lives on.
 */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=1'];

/** One heap for all threads of the C library: with one for each, batond has 12 MiB more that hold nothing. */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '1' } as const;
