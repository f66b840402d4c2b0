/**
 * How Node runs batond and guardian. The space for what has just been made grows to 48 MiB by itself, whatever a daemon
 * needs: it makes some MiB a second, and next to nothing of it lives on. `scripts/bin/run-node` has the same for batond.
 */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=1'];
