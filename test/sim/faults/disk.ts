/** What happens to a member's disk. */
import type { FaultSpec } from './fault.ts';

export const diskFaults = {} satisfies Record<string, FaultSpec>;
